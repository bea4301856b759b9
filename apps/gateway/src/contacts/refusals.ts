import type { DeviceId, PhoneConnection } from '@opendls/event-contracts';
import type { Refusal } from '../events/fact-events.js';

/** Why a message of a phone, or what posed as one, was refused. A closed set: it labels a metric and an event. */
export const REFUSAL_CODES = {
  'invalid-identity': 'mac-addr is missing or is no identity',
  'no-session': 'a continuing message without a valid session cookie',
  'device-mismatch': 'mac-addr differs from the phone of the session',
  'unknown-reason': 'the protocol has no such reason',
  'unusable-message': 'a message with a nonce that cannot be used otherwise',
  'secure-mode-required': 'the phone was seen in Secure Mode and is refused elsewhere',
  'certificate-missing': 'no usable client certificate on the secure listener',
  'certificate-mismatch': 'the client certificate is of another phone',
  'certificate-expired': 'the client certificate is not valid any more',
  'certificate-revoked': 'the client certificate was revoked',
  unpublishable: 'the event bus will not take the event',
  'internal-error': 'the gateway failed',
} as const;
export type RefusalCode = keyof typeof REFUSAL_CODES;

const EVENTS_PER_SECOND = 10;

/** Counts every refusal, and tells a limited number of them per second: strangers decide how many there are. */
export class Refusals {
  private secondStartedAtMs = Number.NEGATIVE_INFINITY;
  private toldThisSecond = 0;

  constructor(
    private readonly count: (code: RefusalCode, listener: PhoneConnection['listener']) => void,
    private readonly tell: (refusal: Refusal) => void,
    private readonly nowMs: () => number,
  ) {}

  add(code: RefusalCode, deviceId: DeviceId | null, connection: PhoneConnection): void {
    this.count(code, connection.listener);
    const nowMs = this.nowMs();
    if (nowMs - this.secondStartedAtMs >= 1_000) {
      this.secondStartedAtMs = nowMs;
      this.toldThisSecond = 0;
    }
    if (this.toldThisSecond >= EVENTS_PER_SECOND) return;
    this.toldThisSecond++;
    this.tell({ deviceId, code, detail: REFUSAL_CODES[code], connection });
  }
}
