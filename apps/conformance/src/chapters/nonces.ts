import { CaseNotRun, check, must, should, type Chapter, type ConformanceCase } from '../conformance-case.js';
import { understand } from '../phone/converse.js';
import { bodyText, rootElements } from '../phone/service-message.js';
import type { CaseRun } from '../run/case-run.js';

/** A start-up with this nonce gets it back, byte by byte. */
function echoes(make: typeof must, id: string, clause: string, title: string, nonce: string): ConformanceCase {
  return make(`nonce/${id}`, clause, title, async (t) => {
    const phone = t.phone();
    const first = await t.say(phone, phone.initial('start-up', [], nonce));
    await t.walkOn(phone, first);
  });
}

/**
 * A nonce that means something in XML. A server may refuse it, but what it answers is well-formed and says nothing that the
 * phone has put in.
 */
function escapes(id: string, title: string, nonce: string): ConformanceCase {
  return must(`nonce/${id}`, '2.3', title, async (t) => {
    const phone = t.phone();
    const answer = await phone.exchange(phone.initial('start-up', [], nonce));
    if (!/^\s*</.test(bodyText(answer.wire))) return;
    check(answer.read.ok, 'well-formed XML', answer.read.ok ? '' : answer.read.problem);
    const { action, nonce: echoed } = answer.read.message;
    check(echoed === nonce, `nonce ${JSON.stringify(nonce)}`, JSON.stringify(echoed));
    check(action !== 'Restart', 'an action of the server', 'the action that the phone had hidden in its nonce');
    check(rootElements(answer.wire).length === 1, 'one root element', 'several');
  });
}

/** Every answer of a contact in fragments carries the nonce of the fragment it answers; `say` demands it. */
async function fragmented(t: CaseRun, constantNonce: boolean): Promise<void> {
  const phone = t.phone();
  if (constantNonce) phone.constantNonce = phone.nextNonce();
  const first = await t.readAllAsked(phone);
  await t.walkOn(phone, first, { fragments: 3 });
}

const HEX = '3C90E1B7F25A4D08A6613E7702BD94CF';

export const NONCES: Chapter = {
  name: 'nonce',
  title: 'Nonces',
  cases: [
    echoes(must, 'upper-case-hex', '2.3; M p.34, 43', '32 upper-case hex digits', HEX.replace('3C90', 'A0B1')),
    echoes(must, 'lower-case-hex', '2.3; M p.33', '32 lower-case hex digits', HEX.toLowerCase()),
    echoes(must, 'short', '2.3; M p.33', '23 lower-case hex digits', '7b20c5e8a91d34f6027ce1a'),
    echoes(must, 'mixed-case', '2.3', 'case is kept', 'aBcDeF0123456789AbCdEf9876543210'),
    echoes(must, 'leading-zeros', '2.3', 'leading zeros are kept', '00000000000000000000000000000123'),
    echoes(
      must,
      'like-a-number',
      '2.3',
      'a nonce that looks like a number is text',
      '12345678901234567890123456789012',
    ),
    echoes(must, 'like-an-exponent', '2.3', 'a nonce that looks like an exponent is text', '1E5'),
    echoes(should, 'one-character', '2.3', 'one character', 'A'),
    echoes(should, 'not-hex', '2.3', 'letters beyond F', 'THE-QUICK-BROWN-FOX.JUMPS_OVER'),
    echoes(should, 'long', '2.3', '256 characters', HEX.repeat(8)),
    echoes(should, 'inner-blank', '2.3', 'a blank inside', 'AB CD'),
    echoes(should, 'unicode', '2.3', 'letters beyond ASCII', 'Prüfung-大厅'),
    echoes(should, 'quotes', '2.3', 'both kinds of quotes', `A"B'C`),
    echoes(should, 'markup', '2.3', 'characters that XML reserves', 'A<B>&C;&amp;D'),
    escapes('quotes-escaped', 'quotes in a nonce do not end the attribute', `A"B'C`),
    escapes('markup-escaped', 'markup in a nonce stays text', 'A<B>&C;&amp;D'),
    escapes(
      'injection-escaped',
      'an action hidden in a nonce stays text',
      '"><Action>Restart</Action></Message><Message nonce="',
    ),
    must('nonce/fresh-per-message', '2.3; M p.48, 60', 'every message may have a nonce of its own', async (t) => {
      const phone = t.phone();
      await t.recognised(phone, await t.say(phone, phone.initial('start-up')));
    }),
    must(
      'nonce/constant-for-contact',
      '2.3; M p.34',
      'all messages of a contact may have the same nonce',
      async (t) => {
        const phone = t.phone();
        phone.constantNonce = phone.nextNonce();
        await t.recognised(phone, await t.say(phone, phone.initial('start-up')));
      },
    ),
    should('nonce/constant-for-ever', '2.3', 'a second contact with the same nonce is served', async (t) => {
      const phone = t.phone();
      phone.constantNonce = phone.nextNonce();
      await t.contact(phone);
      await t.contact(phone, 'solicited');
    }),
    must('nonce/same-for-two-phones', '2.3', 'two phones may have the same nonce', async (t) => {
      const [one, other] = [t.phone(), t.phone()];
      one.constantNonce = other.constantNonce = one.nextNonce();
      const first = await t.say(one, one.initial('start-up'));
      await t.contact(other);
      await t.recognised(one, first);
    }),
    must('nonce/on-clean-up', '2.3; M p.34, 41', 'the last answer of a contact carries the nonce too', async (t) => {
      const phone = t.phone();
      const { last } = await t.contact(phone);
      if (last.message.action !== 'CleanUp') throw new CaseNotRun(`the contact ended by ${last.message.actionText}`);
      check(last.message.nonce === last.nonce, last.nonce, last.message.nonce);
    }),
    must('nonce/on-get-next-fragment', '5.2; M p.70', 'GetNextFragment carries the nonce of the fragment', (t) =>
      fragmented(t, false),
    ),
    must('nonce/constant-over-fragments', '2.3; 5.2; M p.70', 'all fragments may have the same nonce', (t) =>
      fragmented(t, true),
    ),
    must(
      'nonce/white-space-kept',
      '2.3',
      'blanks round the value of the attribute do not get lost silently',
      async (t) => {
        // XML keeps blanks in attributes. The server may refuse the message, but must not answer with another nonce.
        const phone = t.phone();
        const answer = await phone.exchange(phone.initial('start-up', [], ' A1 '));
        if (answer.wire.status === 200 && answer.read.ok) understand(answer);
      },
    ),
  ],
};
