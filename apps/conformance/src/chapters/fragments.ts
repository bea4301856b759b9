import { check, must, should, type Chapter, type ConformanceCase } from '../conformance-case.js';
import { fragmentsOf } from '../phone/contact.js';
import { understand, type Understood } from '../phone/converse.js';
import type { Outgoing, Phone } from '../phone/phone.js';
import type { CaseRun } from '../run/case-run.js';

/** Changes the written form of one fragment. */
type Rewrite = (outgoing: Outgoing, isFirst: boolean) => Outgoing;

/**
 * Answers ReadAllItems in fragments and demands GetNextFragment after each but the last, and something else after that.
 */
async function sendFragments(
  t: CaseRun,
  phone: Phone,
  fragments: readonly Outgoing[],
  beforeEach: () => void = () => undefined,
): Promise<Understood> {
  await t.readAllAsked(phone);
  const last = fragments.length - 1;
  for (const [n, fragment] of fragments.entries()) {
    beforeEach();
    const answer = await t.say(phone, fragment);
    const { actionText } = answer.message;
    if (n < last) check(actionText === 'GetNextFragment', 'GetNextFragment', `${actionText} after fragment ${n + 1}`);
    else {
      check(!['GetNextFragment', 'ReadAllItems'].includes(actionText), 'the next step', actionText);
      return answer;
    }
  }
  throw new Error('there must be a fragment');
}

function inFragments(
  make: typeof must,
  id: string,
  clause: string,
  title: string,
  count: number,
  rewrite: Rewrite = (outgoing) => outgoing,
): ConformanceCase {
  return make(`fragments/${id}`, clause, title, async (t) => {
    const phone = t.phone();
    const fragments = fragmentsOf(phone, count).map((fragment, n) => rewrite(fragment, n === 0));
    await t.walkOn(phone, await sendFragments(t, phone, fragments));
  });
}

const inMessage = (outgoing: Outgoing, change: (start: string) => string): Outgoing => ({
  ...outgoing,
  text: { ...outgoing.text, messageStart: change(outgoing.text.messageStart) },
});
const inReason = (outgoing: Outgoing, change: (reason: string) => string): Outgoing => ({
  ...outgoing,
  text: { ...outgoing.text, reason: change(outgoing.text.reason) },
});

/** The table of M p.29 lists the attribute here. */
const onReason: Rewrite = (outgoing) => {
  const [attribute = ''] = / fragment="[^"]*"/.exec(outgoing.text.messageStart) ?? [];
  const moved = inMessage(outgoing, (start) => start.replace(attribute, ''));
  return inReason(moved, (reason) => reason.replace('<ReasonForContact', `<ReasonForContact${attribute}`));
};

const withoutFinal: Rewrite = (outgoing) => inMessage(outgoing, (start) => start.replace(' fragment="final"', ''));

export const FRAGMENTS: Chapter = {
  name: 'fragments',
  title: 'Fragments',
  cases: [
    inFragments(must, 'one', '5.2; M p.45, 62', 'a report in one piece that says final', 1),
    inFragments(must, 'one-without-attribute', '5.2', 'a report that says nothing is complete', 1, withoutFinal),
    inFragments(must, 'two', '5.2; M p.69, 70', 'a report in two fragments', 2),
    inFragments(must, 'thirty', '5.2; M p.69, 70', 'a report in thirty fragments', 30),
    inFragments(should, 'on-reason', '2.2; 11.2; M p.29', 'the attribute on ReasonForContact', 3, onReason),
    inFragments(should, 'on-both', '2.2; 11.2', 'the attribute on Message and on ReasonForContact', 3, (outgoing) =>
      inReason(outgoing, (reason) => {
        const [attribute = ''] = / fragment="[^"]*"/.exec(outgoing.text.messageStart) ?? [];
        return reason.replace('<ReasonForContact', `<ReasonForContact${attribute}`);
      }),
    ),
    inFragments(
      should,
      'last-without-attribute',
      '5.2',
      'the last fragment says nothing instead of final',
      3,
      withoutFinal,
    ),
    inFragments(should, 'later-without-action', '5.2', 'later fragments without action', 3, (outgoing, isFirst) =>
      isFirst ? outgoing : inReason(outgoing, (reason) => reason.replace(/ action="[^"]*"/, '')),
    ),
    inFragments(should, 'attribute-first', '2.1; M p.45', 'fragment before the other attributes', 2, (outgoing) =>
      inMessage(outgoing, (start) => start.replace(/^<Message(.*?)( fragment="[^"]*")/, '<Message$2$1')),
    ),
    must('fragments/many-items', '5.1; 5.2; M p.69', '1,200 items in 30 fragments', async (t) => {
      const phone = t.phone();
      for (let index = 1; index <= 1_160; index += 1)
        phone.store.write({ name: 'select-dial', index, value: `4989${index}` });
      await t.walkOn(phone, await sendFragments(t, phone, fragmentsOf(phone, 30)));
    }),
    must('fragments/full-size', '5.1; M p.69', 'fragments of almost 50 kB', async (t) => {
      const phone = t.phone();
      for (let index = 1; index <= 90; index += 1)
        phone.store.write({ name: 'key-label-unicode', index, value: 'ä'.repeat(490) });
      await t.walkOn(phone, await sendFragments(t, phone, fragmentsOf(phone, 2)));
    }),
    must(
      'fragments/connection-per-fragment',
      '1.2.3; 5.2',
      'every fragment over a connection of its own',
      async (t) => {
        const phone = t.phone();
        phone.keepsConnection = false;
        await t.walkOn(phone, await sendFragments(t, phone, fragmentsOf(phone, 4)));
      },
    ),
    must(
      'fragments/cookie-with-attributes',
      '1.3; 5.2; 10.4',
      'fragments with the attributes of the cookie',
      async (t) => {
        const phone = t.phone();
        phone.cookieForm = ({ name, value, attributes }) => `${name}=${value}; ${attributes || 'path=/'}`;
        await t.walkOn(phone, await sendFragments(t, phone, fragmentsOf(phone, 3)));
      },
    ),
    should('fragments/empty-last', '5.2', 'a last fragment without items', async (t) => {
      const phone = t.phone();
      const all = phone.store.all();
      const fragments = [
        phone.reply('ReadAllItems', { items: all, fragment: 'next' }),
        phone.reply('ReadAllItems', { items: [], fragment: 'final' }),
      ];
      await t.walkOn(phone, await sendFragments(t, phone, fragments));
    }),
    should('fragments/unknown-value', '2.1', 'a fragment attribute that is neither next nor final', async (t) => {
      const phone = t.phone();
      await t.readAllAsked(phone);
      understand(await phone.exchange(phone.reply('ReadAllItems', { items: phone.store.all(), fragment: 'middle' })));
      await t.contact(phone);
    }),
    should('fragments/repeated', '4.13; 5.2', 'a fragment sent twice does not break the report', async (t) => {
      const phone = t.phone();
      const [one, two, three] = fragmentsOf(phone, 3) as [Outgoing, Outgoing, Outgoing];
      await t.readAllAsked(phone);
      await t.say(phone, one);
      const cookie = phone.cookieHeader() ?? null;
      await t.say(phone, two, { cookie });
      await t.say(phone, two, { cookie });
      await t.walkOn(phone, await t.say(phone, three));
    }),
    should(
      'fragments/outside-contact',
      '1.2.6; 5.2',
      'a fragment that belongs to no contact is sent away',
      async (t) => {
        const phone = t.phone();
        const items = [{ name: 'reg-port', value: '5060' }];
        const { message } = understand(await phone.exchange(phone.reply('ReadAllItems', { items, fragment: 'next' })));
        check(message.action === 'CleanUp', 'CleanUp', message.actionText);
      },
    ),
    must(
      'fragments/restart-between',
      '3.1; 5.2',
      'a phone that starts up between two fragments is served',
      async (t) => {
        const phone = t.phone();
        const [one] = fragmentsOf(phone, 3) as [Outgoing];
        await t.readAllAsked(phone);
        await t.say(phone, one);
        await t.contact(phone);
      },
    ),
    must('fragments/interleaved-phones', '1.3; 5.2', 'the fragments of two phones do not get mixed up', async (t) => {
      const phones = [t.phone(), t.phone()] as const;
      for (const phone of phones) await t.readAllAsked(phone);
      const [a, b] = [fragmentsOf(phones[0], 4), fragmentsOf(phones[1], 4)];
      for (const [n, fragment] of a.entries()) {
        const [one, other] = [await t.say(phones[0], fragment), await t.say(phones[1], b[n] ?? fragment)];
        for (const { message } of [one, other])
          check(
            (message.action === 'GetNextFragment') === n < 3,
            n < 3 ? 'GetNextFragment' : 'the next step',
            message.actionText,
          );
      }
    }),
    must(
      'fragments/of-first-contact',
      '2.2; M p.33, 43',
      'a first message without the attribute is complete',
      async (t) => {
        const phone = t.phone();
        const { message } = await t.say(phone, phone.initial('start-up'));
        check(message.action !== 'GetNextFragment', 'a step', 'GetNextFragment');
      },
    ),
    should('fragments/first-message-final', '2.2', 'a first message that says final', (t) =>
      t.understood((phone) =>
        inMessage(phone.initial('start-up'), (start) => start.replace('>', ' fragment="final">')),
      ),
    ),
  ],
};
