import { hash, hkdfSync } from 'node:crypto';
import type { SealingKeys } from '@opendls/crypto/sealing';

const TICKET_KEY_BYTES = 48;
const PERIOD_MS = 43_200_000;

/**
 * Keys of TLS session tickets (RFC 5077): the same on every gateway at the same time, so that a phone resumes its session
 * at whichever it reaches, and another one twice a day, as who has the key reads what was recorded. Listeners do not share
 * them: a session without a client certificate must not open the secure one. Nor does a session outlive the authority that
 * its certificate was checked against, as nothing is checked again when it is resumed.
 */
export class TicketKeys {
  constructor(
    private readonly keys: SealingKeys,
    private readonly now: () => Date,
  ) {}

  /** 48 bytes for `server.setTicketKeys`. */
  current(listener: string, clientCa = ''): Buffer {
    const period = Math.floor(this.now().getTime() / PERIOD_MS);
    const authority = clientCa === '' ? '' : `/${hash('sha256', clientCa.trimEnd(), 'base64url')}`;
    const info = `opendls/tls-tickets/v1/${listener}${authority}/${period}`;
    return Buffer.from(hkdfSync('sha256', this.keys.active.master, new Uint8Array(0), info, TICKET_KEY_BYTES));
  }

  /** Until `current` gives others. */
  msToNext(): number {
    return PERIOD_MS - (this.now().getTime() % PERIOD_MS);
  }
}
