import { CaseNotRun, check, must, type Chapter } from '../conformance-case.js';
import { fragmentsOf } from '../phone/contact.js';
import { understand } from '../phone/converse.js';
import { documentOf } from '../phone/message-text.js';
import type { Outgoing, Phone } from '../phone/phone.js';
import { readServiceMessage } from '../phone/service-message.js';
import type { CaseRun } from '../run/case-run.js';
import type { Connection } from '../wire/connection.js';
import { parseSetCookie } from '../phone/cookie-jar.js';
import { headerValues } from '../wire/read-response.js';
import { requestHead } from '../wire/request-text.js';

/** One phone speaks over a connection that it shares with others. */
async function speakOver(t: CaseRun, connection: Connection, phone: Phone, outgoing: Outgoing): Promise<string> {
  const body = documentOf(outgoing.text);
  const cookie = phone.cookieHeader();
  await connection.write(requestHead(t.settings.target, Buffer.byteLength(body), { cookie }) + body);
  const wire = await phone.answerOn(connection);
  for (const header of headerValues(wire, 'set-cookie')) phone.cookie = parseSetCookie(header) ?? phone.cookie;
  return understand({ nonce: outgoing.nonce, wire, read: readServiceMessage(wire) }).message.action;
}

export const CONCURRENCY: Chapter = {
  name: 'concurrency',
  title: 'Many phones',
  cases: [
    must('concurrency/interleaved', '1.3', 'the messages of two phones take turns', async (t) => {
      const [one, other] = [t.phone(), t.phone()];
      const first = await t.say(one, one.initial('start-up'));
      const second = await t.say(other, other.initial('start-up'));
      await t.recognised(one, first);
      await t.recognised(other, second);
    }),
    must('concurrency/ten-at-once', '1.3', 'ten phones boot at once', async (t) => {
      await Promise.all(Array.from({ length: 10 }, () => t.contact(t.phone())));
    }),
    must('concurrency/fifty-at-once', '1.3; 10.22', 'fifty phones boot at once, none is forgotten', async (t) => {
      await Promise.all(Array.from({ length: 50 }, () => t.contact(t.phone())));
    }),
    must(
      'concurrency/one-connection-two-phones',
      '1.3',
      'two phones behind one proxy share a connection',
      async (t) => {
        const [one, other] = [t.phone(), t.phone()];
        const connection = await t.open();
        const actions = [
          await speakOver(t, connection, one, one.initial('start-up')),
          await speakOver(t, connection, other, other.initial('start-up')),
        ];
        check(actions[0] === actions[1], `${actions[0]} for both`, actions.join(' and '));
        if (actions[0] !== 'ReadAllItems') throw new CaseNotRun('the server does not ask a new phone for ReadAllItems');
        for (const phone of [one, other]) {
          for (const [n, fragment] of fragmentsOf(phone, 2).entries()) {
            const next = await speakOver(t, connection, phone, fragment);
            check((next === 'GetNextFragment') === (n === 0), n === 0 ? 'GetNextFragment' : 'the next step', next);
          }
        }
      },
    ),
    must('concurrency/same-address', '1.3; 10.6', 'phones behind one address are told apart', async (t) => {
      const phones = Array.from({ length: 3 }, () => t.phone());
      const firsts = await Promise.all(phones.map((phone) => t.say(phone, phone.initial('start-up'))));
      for (const [n, phone] of phones.entries()) {
        const first = firsts[n];
        if (first !== undefined) await t.recognised(phone, first);
      }
    }),
    must('concurrency/slow-neighbour', '1.3', 'a phone that takes its time keeps nobody waiting', async (t) => {
      const slow = t.phone();
      const first = await t.say(slow, slow.initial('start-up'));
      await t.stillServes();
      await t.recognised(slow, first);
    }),
    must('concurrency/same-number', '3.3', 'two phones with the same number are two phones', async (t) => {
      const one = t.phone();
      const other = t.phone({ e164: one.traits.e164 });
      const first = await t.say(one, one.initial('start-up'));
      await t.contact(other);
      await t.recognised(one, first);
    }),
  ],
};
