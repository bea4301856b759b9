import type { Transcript } from '../phone/phone.js';
import type { WireAnswer } from '../wire/read-response.js';

/** The last exchange of a case, as evidence. */
export interface LastExchange {
  readonly sent: string | null;
  readonly got: string | null;
}

const MAX_LENGTH = 4_000;

/** Remembers the last thing sent and the last answer. */
export class ExchangeLog implements Transcript {
  #last: LastExchange = { sent: null, got: null };

  get last(): LastExchange {
    return this.#last;
  }

  sent(text: string): void {
    this.#last = { sent: cut(text), got: null };
  }

  got(answer: WireAnswer): void {
    const headers = answer.headers.map(([name, value]) => `${name}: ${value}`);
    const head = [`${answer.version} ${answer.status}`, ...headers, '', ''].join('\r\n');
    this.#last = { ...this.#last, got: cut(head + answer.body.toString('utf8')) };
  }
}

function cut(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}... (${text.length} characters)`;
}
