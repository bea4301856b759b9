import { check, must, should, type Chapter } from '../conformance-case.js';
import { understand } from '../phone/converse.js';
import { documentOf } from '../phone/message-text.js';
import type { Outgoing, Phone } from '../phone/phone.js';
import { readServiceMessage } from '../phone/service-message.js';
import type { CaseRun } from '../run/case-run.js';
import { requestHead } from '../wire/request-text.js';

/** Sends a message over a connection of its own and hangs up without waiting for the answer. */
async function sendAndHangUp(t: CaseRun, phone: Phone, outgoing: Outgoing): Promise<void> {
  const connection = await t.open();
  const body = documentOf(outgoing.text);
  await connection.write(
    requestHead(t.settings.target, Buffer.byteLength(body), { cookie: phone.cookieHeader() }) + body,
  );
  connection.destroy();
}

/** The same message over several connections at the same time; every one is answered. */
async function inParallel(t: CaseRun, phone: Phone, outgoing: Outgoing, count: number): Promise<void> {
  const body = documentOf(outgoing.text);
  const head = requestHead(t.settings.target, Buffer.byteLength(body), { cookie: phone.cookieHeader() });
  const connections = await Promise.all(Array.from({ length: count }, () => t.open()));
  await Promise.all(connections.map((connection) => connection.write(head + body)));
  for (const connection of connections) {
    const wire = await phone.answerOn(connection);
    understand({ nonce: outgoing.nonce, wire, read: readServiceMessage(wire) });
  }
}

export const REPEATS: Chapter = {
  name: 'repeats',
  title: 'Repeated and lost messages',
  cases: [
    must('repeats/start-up', '4.13; 2.3', 'a start-up sent twice is answered twice, the contact ends', async (t) => {
      const phone = t.phone();
      const outgoing = phone.initial('start-up');
      const one = await t.say(phone, outgoing);
      phone.cookie = undefined;
      const other = await t.say(phone, outgoing);
      check(one.message.action === other.message.action, one.message.action, other.message.action);
      await t.walkOn(phone, other);
    }),
    must('repeats/start-up-lost-answer', '4.13', 'a start-up is sent again as its answer got lost', async (t) => {
      const phone = t.phone();
      const outgoing = phone.initial('start-up');
      await sendAndHangUp(t, phone, outgoing);
      await t.walk(phone, outgoing);
    }),
    must(
      'repeats/start-up-ten-times',
      '4.13; 11.9',
      'ten start-ups in a row, each with a nonce of its own',
      async (t) => {
        const phone = t.phone();
        for (let n = 0; n < 10; n += 1) await t.say(phone, phone.initial('start-up'));
        await t.contact(phone);
      },
    ),
    must('repeats/start-up-in-parallel', '1.3; 4.13', 'one start-up over two connections at once', async (t) => {
      const phone = t.phone();
      await inParallel(t, phone, phone.initial('start-up'), 2);
      await t.contact(phone);
    }),
    must('repeats/start-up-five-in-parallel', '1.3; 4.13', 'one start-up over five connections at once', async (t) => {
      const phone = t.phone();
      await inParallel(t, phone, phone.initial('start-up'), 5);
      await t.contact(phone);
    }),
    must('repeats/different-start-ups-in-parallel', '1.3', 'several start-ups of one phone at once', async (t) => {
      const phone = t.phone();
      await Promise.all(Array.from({ length: 4 }, () => inParallel(t, phone, phone.initial('start-up'), 1)));
      await t.contact(phone);
    }),
    should('repeats/reply', '4.13', 'a reply sent twice is answered twice, the contact ends', async (t) => {
      const phone = t.phone();
      await t.readAllAsked(phone);
      const cookie = phone.cookieHeader() ?? null;
      const outgoing = phone.reply('ReadAllItems', { items: phone.store.all() });
      await t.say(phone, outgoing, { cookie });
      await t.walkOn(phone, await t.say(phone, outgoing, { cookie }));
    }),
    should('repeats/reply-lost-answer', '4.13', 'a reply is sent again as its answer got lost', async (t) => {
      const phone = t.phone();
      await t.readAllAsked(phone);
      const outgoing = phone.reply('ReadAllItems', { items: phone.store.all() });
      await sendAndHangUp(t, phone, outgoing);
      await t.walk(phone, outgoing);
    }),
    should('repeats/reply-in-parallel', '1.3', 'one reply over two connections at once', async (t) => {
      const phone = t.phone();
      await t.readAllAsked(phone);
      await inParallel(t, phone, phone.reply('ReadAllItems', { items: phone.store.all() }), 2);
      await t.contact(phone);
    }),
    must('repeats/clean-up', '4.14', 'clean-up sent twice takes nothing with it', async (t) => {
      const phone = t.phone();
      await t.say(phone, phone.initial('start-up'));
      const outgoing = phone.message({ reason: 'clean-up' });
      await phone.exchange(outgoing);
      await phone.exchange(outgoing);
      await t.contact(phone);
    }),
    must('repeats/late-reply', '1.3', 'a reply of an earlier contact does not disturb the present one', async (t) => {
      const phone = t.phone();
      await t.readAllAsked(phone);
      const old = {
        cookie: phone.cookieHeader() ?? null,
        reply: phone.reply('ReadAllItems', { items: phone.store.all() }),
      };
      const first = await t.say(phone, phone.initial('start-up'));
      const cookie = phone.cookie;
      await phone.exchange(old.reply, { cookie: old.cookie });
      phone.cookie = cookie;
      await t.recognised(phone, first);
    }),
  ],
};
