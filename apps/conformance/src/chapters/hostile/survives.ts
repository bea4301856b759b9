import { check, must, type ConformanceCase } from '../../conformance-case.js';
import { documentOf, type MessageText } from '../../phone/message-text.js';
import type { Phone } from '../../phone/phone.js';
import type { CaseRun } from '../../run/case-run.js';
import type { WireAnswer } from '../../wire/read-response.js';
import { requestHead, type RequestOptions } from '../../wire/request-text.js';
import { WireError } from '../../wire/wire-error.js';

/** Can only come back when an entity was expanded and echoed. */
export const MARKER = 'expanded-entity-marker';

// What a server does with such input is its own affair. It has this long to answer or hang up before it is asked
// whether it still serves.
const REACTION_MS = 3_000;

/** Posts a body and gives the answer, where there is one. */
export async function post(
  t: CaseRun,
  body: string | Buffer,
  options: RequestOptions = {},
): Promise<WireAnswer | undefined> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const connection = await t.open();
  const head = requestHead(t.settings.target, bytes.length, options);
  t.log.sent(head + bytes.toString('utf8'));
  await Promise.race([
    connection.write(Buffer.concat([Buffer.from(head), bytes])),
    connection.closes(t.settings.timeoutMs),
  ]);
  try {
    const answer = await connection.readAnswer(Math.min(REACTION_MS, t.settings.timeoutMs));
    t.log.got(answer);
    return answer;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  } finally {
    connection.destroy();
  }
}

export type Body = string | Buffer | ((phone: Phone) => string | Buffer);

/** After such a body the server still serves a well-behaved phone. */
export function survives(
  id: string,
  title: string,
  body: Body,
  clause = '1.2.5; 1.2.6',
  options?: RequestOptions,
): ConformanceCase {
  return must(`hostile/${id}`, clause, `survives ${title}`, async (t) => {
    const answer = await post(t, typeof body === 'function' ? body(t.phone()) : body, options);
    if (answer !== undefined) {
      const text = answer.body.toString('utf8');
      check(!text.includes(MARKER), 'an answer without what an entity stands for', 'an expanded entity');
    }
    await t.stillServes();
  });
}

/** The same for a start-up with something wrong in it. */
export function survivesStartUp(
  id: string,
  title: string,
  change: (text: MessageText, phone: Phone) => Partial<MessageText>,
  clause = '2.1',
): ConformanceCase {
  const body: Body = (phone) => {
    const { text } = phone.initial('start-up');
    return documentOf({ ...text, ...change(text, phone) });
  };
  return survives(id, title, body, clause);
}
