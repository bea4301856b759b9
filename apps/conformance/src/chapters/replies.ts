import { CaseNotRun, check, must, should, type Chapter, type ConformanceCase } from '../conformance-case.js';
import { fragmentsOf } from '../phone/contact.js';
import { understand, type Understood } from '../phone/converse.js';
import type { Phone } from '../phone/phone.js';
import type { CaseRun } from '../run/case-run.js';

const ACTIONS = ['ReadAllItems', 'ReadItems', 'WriteItems', 'Restart', 'FileDeployment', 'SoftwareDeployment'] as const;
const STATUSES = ['accepted', 'failed', 'busy'] as const;

async function inContact(t: CaseRun, phone: Phone): Promise<Understood> {
  return t.say(phone, phone.initial('start-up'));
}

/**
 * A reply that the server may or may not have asked for. It is a message of the grammar inside a contact, so it gets an
 * answer; the contact comes to an end, and the phone is served again.
 */
function anyReply(action: string, status: string): ConformanceCase {
  const id = `replies/${action.toLowerCase()}-${status}-in-contact`;
  return must(id, '2.1; 3.1; M p.28, 29', `a reply to ${action} with status ${status} is answered`, async (t) => {
    const phone = t.phone();
    await inContact(t, phone);
    const isReading = action.startsWith('Read') && status === 'accepted';
    const items = isReading ? phone.store.all() : [];
    const next = await t.say(phone, phone.reply(action, { status, items: status === 'busy' ? undefined : items }));
    await t.walkOn(phone, next);
    await t.contact(phone, 'solicited');
  });
}

/** The same without any contact. Sources differ on what happens then; the recommended answer is CleanUp. */
function strayReply(action: string): ConformanceCase {
  const id = `replies/${action.toLowerCase()}-stray`;
  return should(id, '1.2.6; 1.3', `a reply to ${action} that belongs to no contact is sent away`, async (t) => {
    const phone = t.phone();
    const { message } = understand(await phone.exchange(phone.reply(action, { items: [] })));
    check(message.action === 'CleanUp', 'CleanUp', message.actionText);
  });
}

/** A reply in another form than the examples have, to the question that the server has asked. */
function oddReply(
  make: typeof must,
  id: string,
  clause: string,
  title: string,
  rewrite: (reason: string) => string,
): ConformanceCase {
  return make(`replies/${id}`, clause, title, async (t) => {
    const phone = t.phone();
    await t.readAllAsked(phone);
    // In two fragments: only a server that has understood the reply asks for the second one.
    const [one, two] = fragmentsOf(phone, 2).map(({ nonce, text }) => ({
      nonce,
      text: { ...text, reason: rewrite(text.reason) },
    }));
    if (one === undefined || two === undefined) throw new Error('two fragments were asked for');
    const next = await t.say(phone, one);
    check(next.message.action === 'GetNextFragment', 'GetNextFragment', next.message.actionText);
    await t.walkOn(phone, await t.say(phone, two));
  });
}

/** How often a server may ask again before it must see that nothing comes of it. */
const PATIENCE = 20;

/** A phone that always answers the same to one action; the contact ends all the same. */
function stubborn(status: 'failed' | 'busy', clause: string): ConformanceCase {
  const title = `a phone that answers ReadAllItems with ${status} is not asked for ever`;
  return must(`replies/readallitems-always-${status}`, clause, title, async (t) => {
    const phone = t.phone();
    let asked = 0;
    const first = await t.readAllAsked(phone);
    await t.walkOn(phone, first, {
      reactions: {
        ReadAllItems: () => {
          asked += 1;
          check(asked <= PATIENCE, `no more than ${PATIENCE} attempts`, `${asked}`);
          return phone.reply('ReadAllItems', { status });
        },
      },
    });
  });
}

export const REPLIES: Chapter = {
  name: 'replies',
  title: 'Replies to actions',
  cases: [
    ...ACTIONS.flatMap((action) => STATUSES.map((status) => anyReply(action, status))),
    ...ACTIONS.map(strayReply),
    must('replies/complete-report', '4.1; M p.34, 45', 'a whole report leads to the next step', async (t) => {
      const phone = t.phone();
      const first = await t.readAllAsked(phone);
      const { answers } = await t.walkOn(phone, first);
      check(answers[1]?.message.action !== 'ReadAllItems', 'the next step', 'ReadAllItems once more');
    }),
    oddReply(must, 'reason-in-line-feeds', '2.1; M p.45', 'reply-to between line feeds', (reason) =>
      reason.replace('reply-to', '\nreply-to\n'),
    ),
    oddReply(must, 'status-before-action', '2.1; M p.45', 'status before action', (reason) =>
      reason.replace(/( action="[^"]*")( status="[^"]*")/, '$2$1'),
    ),
    oddReply(should, 'attributes-on-lines', '2.1', 'attributes on lines of their own', (reason) =>
      reason.replaceAll('" ', '"\n      '),
    ),
    should('replies/status-missing', '2.1', 'a reply without status does not hang the contact', async (t) => {
      const phone = t.phone();
      await inContact(t, phone);
      understand(await phone.exchange(phone.reply('ReadAllItems', { status: undefined, items: [] })));
      await t.contact(phone);
    }),
    should('replies/action-missing', '2.1', 'a reply without action does not hang the contact', async (t) => {
      const phone = t.phone();
      await inContact(t, phone);
      understand(await phone.exchange(phone.message({ reason: 'reply-to', status: 'accepted', items: [] })));
      await t.contact(phone);
    }),
    should('replies/status-unknown', '2.1; M p.29', 'a reply with a status that is not in the list', async (t) => {
      const phone = t.phone();
      await inContact(t, phone);
      understand(await phone.exchange(phone.reply('ReadAllItems', { status: 'perhaps', items: [] })));
      await t.contact(phone);
    }),
    should('replies/action-unknown', '3.2', 'a reply to an action that does not exist', async (t) => {
      const phone = t.phone();
      await inContact(t, phone);
      understand(await phone.exchange(phone.reply('MakeCoffee', { items: [] })));
      await t.contact(phone);
    }),
    must('replies/empty-report', '2.1', 'a report with an empty list', async (t) => {
      const phone = t.phone();
      const first = await t.readAllAsked(phone);
      await t.walkOn(phone, first, { reactions: { ReadAllItems: () => phone.reply('ReadAllItems', { items: [] }) } });
    }),
    must('replies/report-without-list', '2.1', 'a report without a list', async (t) => {
      const phone = t.phone();
      const first = await t.readAllAsked(phone);
      await t.walkOn(phone, first, { reactions: { ReadAllItems: () => phone.reply('ReadAllItems') } });
    }),
    must('replies/report-with-secrets', '3.2; 6.4', 'a report with passwords in it', async (t) => {
      const phone = t.phone();
      for (const name of ['user-pwd', 'sip-pwd']) phone.store.write({ name, value: 'not-a-real-password' });
      await t.contact(phone);
    }),
    must('replies/report-with-files', '3.4; M p.245', 'a report with the list of deployed files', async (t) => {
      const phone = t.phone();
      for (const index of [1, 2]) {
        phone.store.write({ name: 'file-deployment-name', index, value: `file-${index}.png` });
        phone.store.write({ name: 'file-deployment-type', index, value: 'SCREENSAVER' });
        phone.store.write({ name: 'file-deployment-status', index, value: 'ok' });
      }
      await t.contact(phone);
    }),
    stubborn('failed', '4.1; 6.3; M p.77'),
    stubborn('busy', '4.6; 10.8'),
    should('replies/readallitems-busy-ends', '4.6; 10.8', 'busy to ReadAllItems ends the contact', async (t) => {
      const phone = t.phone();
      await t.readAllAsked(phone);
      const { message } = await t.say(phone, phone.reply('ReadAllItems', { status: 'busy' }));
      check(message.action === 'CleanUp', 'CleanUp', message.actionText);
    }),
    must(
      'replies/read-items',
      '3.2; 4.4; M p.43, 45',
      'ReadItems: values come back, the contact ends',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantRead', { items: [{ name: 'reg-port' }, { name: 'function-key-def', index: 2 }] });
        await t.walkOn(phone, await t.workArrives(phone, 'ReadItems'));
      },
      'wantRead',
    ),
    must(
      'replies/read-items-unreadable',
      '3.2; 6.2; M p.26',
      'ReadItems: an item that cannot be read',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantRead', { items: [{ name: 'reg-addr' }, { name: 'function-key-def', index: 9 }] });
        await t.walkOn(phone, await t.workArrives(phone, 'ReadItems'));
      },
      'wantRead',
    ),
    must(
      'replies/restart',
      '4.7; M p.50',
      'Restart: the phone boots and starts up',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantRestart', {});
        await t.workArrives(phone, 'Restart');
        phone.disconnect();
        phone.cookie = undefined;
        const { last } = await t.contact(phone);
        check(last.message.action !== 'Restart', 'one restart', 'a second one right after it');
      },
      'wantRestart',
    ),
    must(
      'replies/file-status',
      '4.8; M p.52-54',
      'FileDeployment: status ends it',
      async (t) => {
        const phone = t.phone();
        const url = 'https://192.0.2.10/file/klang-drei.mp3';
        await t.give(phone, 'wantFile', { name: 'klang-drei.mp3', type: 'RINGTONE', url });
        await t.walkOn(phone, await t.workArrives(phone, 'FileDeployment'));
      },
      'wantFile',
    ),
    must(
      'replies/firmware-refused',
      '4.10; 11.11; M p.56',
      'SoftwareDeployment: busy sends the phone away',
      async (t) => {
        const phone = t.phone();
        const version = 'V3 R5.14.1';
        await t.give(phone, 'wantFirmware', {
          softwareType: 'Siemens SIP',
          version,
          url: 'https://192.0.2.10/file/os60.img',
        });
        const asked = await t.workArrives(phone, 'SoftwareDeployment');
        if (asked.message.action !== 'SoftwareDeployment') throw new CaseNotRun('no SoftwareDeployment came');
        const { message } = await t.say(phone, phone.reply('SoftwareDeployment', { status: 'busy' }));
        check(message.action === 'CleanUp', 'CleanUp', message.actionText);
      },
      'wantFirmware',
    ),
  ],
};
