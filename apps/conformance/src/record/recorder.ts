import { headerValues, type WireAnswer } from '../wire/read-response.js';
import { Masking } from './mask-recording.js';
import type { Headers, RecordedExchange, Recording } from './recording.js';

/** Writes down the exchanges of one contact. */
export class Recorder {
  readonly #exchanges: RecordedExchange[] = [];
  readonly #masking = new Masking();
  readonly #startedAt = new Date();
  readonly #startedAtMs = performance.now();

  get exchanges(): readonly RecordedExchange[] {
    return this.#exchanges;
  }

  /** @param sentAtMs by the clock of `performance.now()` */
  add(
    request: { readonly line: string; readonly headers: Headers; readonly xml: string },
    sentAtMs: number,
    answer: WireAnswer,
  ): void {
    const atMs = Math.round(sentAtMs - this.#startedAtMs);
    const response = {
      status: answer.status,
      headers: answer.headers.filter(([name]) => !/^date$/i.test(name)),
      framing: answer.framing,
      xml: answer.body.toString('utf8'),
    };
    const tookMs = Math.round(performance.now() - sentAtMs);
    this.#exchanges.push(this.#masking.exchange({ atMs: Math.max(0, atMs), tookMs, request, response }));
  }

  finish(note: string): Recording {
    const recordedAt = this.#startedAt.toISOString();
    return { format: 'opendls-contact', version: 1, recordedAt, note, exchanges: this.#exchanges };
  }
}

/** Whether an answer ends the contact (PROTOCOL 4.1). */
export function endsContact(answer: WireAnswer): boolean {
  const action = /<(?:\w+:)?Action\b[^>]*>\s*(\w+)\s*</.exec(answer.body.toString('utf8'))?.[1];
  return action === 'CleanUp' || action === 'Restart' || action === 'SoftwareDeployment';
}

/** The request line, headers and body of a request as it was written. */
export function splitRequest(text: string): { readonly line: string; readonly headers: Headers; readonly xml: string } {
  const headEnd = text.indexOf('\r\n\r\n');
  const [line = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers = lines.map((each): readonly [string, string] => {
    const colon = each.indexOf(':');
    return [each.slice(0, colon), each.slice(colon + 1).trim()];
  });
  return { line, headers, xml: text.slice(headEnd + 4) };
}

/** The cookie an answer sets, as the client has to return it. */
export function setCookieOf(answer: WireAnswer): string | undefined {
  return headerValues(answer, 'set-cookie')[0];
}
