import type { ClientRequest } from 'node:http';
import type { WorkpointMessage } from '@opendls/dls-codec';
import type { CookieJar } from './cookie.js';
import type { Delivery, DlsHttpsClient, HttpAnswer } from './https-client.js';

/** Ways to misbehave; each leaves a phone that goes on working as soon as it stops. */
export const FAULT_KINDS = [
  /** The answer is never read; the same message is sent again. */
  'lost-reply',
  /** The same message twice at the same time, over two connections. */
  'duplicate-concurrent',
  /** The same message twice, one after the other. */
  'duplicate-sequential',
  /** The message before this one arrives once more, late, before this one does: out of order. */
  'stale-repeat',
  /** The body trickles in. */
  'drip',
  /** Connects, sends headers and never a body; then tries again. */
  'half-open',
  /** Half of the body, then the connection breaks; then tries again. */
  'truncated-body',
  /** The cookie of the interaction before. */
  'old-cookie',
  /** A cookie nobody ever gave it. */
  'wrong-cookie',
  'no-cookie',
  'cookie-with-attributes',
  /** The nonce of an earlier message. */
  'repeated-nonce',
  /** A nonce that is no hexadecimal number and needs escaping. */
  'odd-nonce',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Messages of an interaction it happens to, the first being 1; default: every one. */
  readonly at?: number | 'every' | 'replies';
  /** How long a half-open connection stays, and how long the pieces of a dripping body take altogether. */
  readonly durationMs?: number;
}

const DEFAULT_DURATION_MS = 500;
const DRIP_PIECES = 10;

/** The bad manners of one phone; what is not planned happens properly. */
export class Misbehaviour {
  #faults: readonly Fault[];
  #lastNonce: string | undefined;
  #lastBody: Buffer | undefined;
  /** Faults played so far. */
  count = 0;

  constructor(faults: readonly Fault[] = []) {
    this.#faults = faults;
  }

  /** From now on these; an empty list is good behaviour. */
  plan(faults: readonly Fault[]): void {
    this.#faults = faults;
  }

  /** The message as it is sent. */
  tamper(message: WorkpointMessage, number: number): WorkpointMessage {
    const { nonce } = message;
    const earlier = this.#lastNonce;
    if (this.#find(number, 'odd-nonce')) return { ...message, nonce: `"<&'>${nonce}` };
    if (earlier !== undefined && this.#find(number, 'repeated-nonce')) return { ...message, nonce: earlier };
    this.#lastNonce = nonce;
    return message;
  }

  /** The Cookie header as it is sent. */
  cookie(jar: CookieJar, number: number): string | undefined {
    const fault = this.#find(number, 'old-cookie', 'wrong-cookie', 'no-cookie', 'cookie-with-attributes');
    switch (fault?.kind) {
      case 'old-cookie':
        return jar.cookieBefore ?? jar.header();
      case 'wrong-cookie':
        return 'JSESSIONID=00000000000000000000000000000000';
      case 'no-cookie':
        return undefined;
      case 'cookie-with-attributes':
        return jar.headerWithAttributes();
      default:
        return jar.header();
    }
  }

  /** Sends it, the bad way on the first attempt only. */
  async deliver(
    client: DlsHttpsClient,
    body: Buffer,
    cookie: string | undefined,
    { number, attempt, signal }: { readonly number: number; readonly attempt: number; readonly signal: AbortSignal },
  ): Promise<HttpAnswer> {
    const stale = this.#lastBody;
    this.#lastBody = body;
    const post = (delivery?: Delivery, what = body): Promise<HttpAnswer> => client.post(what, cookie, signal, delivery);
    const fault = attempt > 0 ? undefined : this.#find(number, ...DELIVERY_FAULTS);
    switch (fault?.kind) {
      case 'lost-reply':
        return post({ losesAnswer: true });
      case 'duplicate-concurrent': {
        const [first, second] = await Promise.allSettled([post(), post()]);
        if (first.status === 'fulfilled') return first.value;
        if (second.status === 'fulfilled') return second.value;
        throw first.reason;
      }
      case 'duplicate-sequential':
        await post();
        return post();
      case 'stale-repeat':
        // Whatever becomes of the late one, nobody waits for its answer any more.
        if (stale && stale !== body) await post(undefined, stale).catch(() => undefined);
        return post();
      case 'drip':
        return post({ send: drip(fault.durationMs ?? DEFAULT_DURATION_MS) });
      case 'half-open':
        return post({ send: sendOnly(0, fault.durationMs ?? DEFAULT_DURATION_MS) });
      case 'truncated-body':
        return post({ send: sendOnly(Math.floor(body.length / 2), 0) });
      default:
        return post();
    }
  }

  #find(number: number, ...kinds: readonly FaultKind[]): Fault | undefined {
    const found = this.#faults.find(
      ({ kind, at = 'every' }) =>
        kinds.includes(kind) && (at === 'every' || at === number || (at === 'replies' && number > 1)),
    );
    if (found) this.count++;
    return found;
  }
}

const DELIVERY_FAULTS = [
  'lost-reply',
  'duplicate-concurrent',
  'duplicate-sequential',
  'stale-repeat',
  'drip',
  'half-open',
  'truncated-body',
] as const;

function drip(durationMs: number): (outgoing: ClientRequest, body: Buffer) => void {
  return (outgoing, body) => {
    const size = Math.max(1, Math.ceil(body.length / DRIP_PIECES));
    let sent = 0;
    const timer = setInterval(() => {
      outgoing.write(body.subarray(sent, sent + size));
      sent += size;
      if (sent < body.length) return;
      clearInterval(timer);
      outgoing.end();
    }, durationMs / DRIP_PIECES);
    outgoing.on('close', () => clearInterval(timer));
  };
}

/** The first bytes, then silence, then the connection breaks. */
function sendOnly(bytes: number, silenceMs: number): (outgoing: ClientRequest, body: Buffer) => void {
  return (outgoing, body) => {
    outgoing.flushHeaders();
    const breakOff = (): void => {
      outgoing.destroy(new Error('the connection broke'));
    };
    const wait = (): void => {
      const timer = setTimeout(breakOff, silenceMs);
      outgoing.on('close', () => clearTimeout(timer));
    };
    if (bytes > 0) outgoing.write(body.subarray(0, bytes), wait);
    else wait();
  };
}
