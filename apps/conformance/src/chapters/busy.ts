import { check, must, should, type Chapter } from '../conformance-case.js';
import { valueOf, type Understood } from '../phone/converse.js';
import type { PhoneTraits } from '../phone/phone-items.js';
import type { Phone } from '../phone/phone.js';
import type { ServiceItem, ServiceMessage } from '../phone/service-message.js';
import type { CaseRun } from '../run/case-run.js';

const ITEMS: readonly ServiceItem[] = [{ name: 'sntp-addr', value: '198.51.100.124' }];

/** A phone in a call that has just refused to write, and what the server says to that. */
async function refusedInCall(
  t: CaseRun,
  traits: Partial<PhoneTraits> = {},
  items = ITEMS,
  setUp?: (phone: Phone) => void,
): Promise<{ readonly phone: Phone; readonly answer: Understood }> {
  const phone = t.phone(traits);
  setUp?.(phone);
  await t.give(phone, 'wantWrite', { items });
  await t.workArrives(phone, 'WriteItems');
  return { phone, answer: await t.say(phone, phone.reply('WriteItems', { status: 'busy' })) };
}

const isWritten = (phone: Phone, [item]: readonly ServiceItem[]): boolean =>
  item !== undefined && phone.store.read(item).value === item.value;

/** The phone comes back idle and everything is written. */
async function comesBack(t: CaseRun, phone: Phone, items = ITEMS): Promise<void> {
  const first = await t.workArrives(phone, 'WriteItems');
  await t.walkOn(phone, first);
  check(isWritten(phone, items), 'the work that was put off', 'a contact without it');
}

export const BUSY: Chapter = {
  name: 'busy',
  title: 'Busy phones',
  cases: [
    must(
      'busy/ends-contact',
      '4.6; M p.46, 76',
      'busy to WriteItems is answered by CleanUp',
      async (t) => {
        const { answer } = await refusedInCall(t);
        check(answer.message.action === 'CleanUp', 'CleanUp', answer.message.actionText);
      },
      'wantWrite',
    ),
    should(
      'busy/send-solicited',
      '4.6; M p.46, 72, 76',
      'firmware from V3 R3 on is asked to come back',
      async (t) => {
        const { answer } = await refusedInCall(t, { softwareVersion: 'V3 R3.0.0' });
        const value = valueOf(answer.message, 'send-solicited');
        check(value === 'true', 'send-solicited = true', value ?? 'a plain CleanUp');
      },
      'wantWrite',
    ),
    should(
      'busy/send-solicited-cp',
      '4.6',
      'a CP phone is asked to come back',
      async (t) => {
        const { answer } = await refusedInCall(t, {
          deviceType: 'OpenScape Desk Phone CP210',
          softwareVersion: 'V2 R0.11.0',
        });
        const value = valueOf(answer.message, 'send-solicited');
        check(value === 'true', 'send-solicited = true', value ?? 'a plain CleanUp');
      },
      'wantWrite',
    ),
    should(
      'busy/plain-for-old-firmware',
      '4.6; M p.46',
      'firmware before V3 R3 gets a plain CleanUp',
      async (t) => {
        const { answer } = await refusedInCall(t, { softwareVersion: 'V2 R2.30.0' });
        const value = valueOf(answer.message, 'send-solicited');
        check(value === undefined, 'a plain CleanUp', `send-solicited = ${value}`);
      },
      'wantWrite',
    ),
    must(
      'busy/job-is-remembered',
      '4.6; M p.46, 72',
      'the work is done when the phone comes back idle',
      async (t) => {
        const { phone } = await refusedInCall(t);
        await comesBack(t, phone);
      },
      'wantWrite',
    ),
    must(
      'busy/twice',
      '4.6; M p.72, 75',
      'a phone that is still busy is sent away again, and served later',
      async (t) => {
        const { phone } = await refusedInCall(t);
        await t.workArrives(phone, 'WriteItems');
        const { message } = await t.say(phone, phone.reply('WriteItems', { status: 'busy' }));
        check(message.action === 'CleanUp', 'CleanUp', message.actionText);
        await comesBack(t, phone);
      },
      'wantWrite',
    ),
    must(
      'busy/with-empty-list',
      '4.6; M p.46',
      'busy with an empty list means the same',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantWrite', { items: ITEMS });
        await t.workArrives(phone, 'WriteItems');
        const { message } = await t.say(phone, phone.reply('WriteItems', { status: 'busy', items: [] }));
        check(message.action === 'CleanUp', 'CleanUp', message.actionText);
      },
      'wantWrite',
    ),
    must(
      'busy/in-the-middle',
      '5.3',
      'busy to a later part of a split write ends the contact',
      async (t) => {
        const items = [
          ...ITEMS,
          { name: 'sntp-tz-offset', value: '60' },
          { name: 'reg-addr', value: 'sip.example.net' },
          { name: 'display-id-unicode', value: 'Halle 7' },
        ];
        const phone = t.phone();
        phone.maxItems = '1';
        await t.give(phone, 'wantWrite', { items });
        let parts = 0;
        const first = await t.workArrives(phone, 'WriteItems');
        const { answers } = await t.walkOn(phone, first, {
          reactions: {
            WriteItems: (message) => {
              parts += 1;
              if (parts >= 2) return phone.reply('WriteItems', { status: 'busy' });
              for (const item of message.items) phone.store.write(item);
              return phone.reply('WriteItems', { items: [] });
            },
          },
        });
        const writes = answers.filter(({ message }) => message.action === 'WriteItems');
        check(writes.length === 2, 'no part after the busy one', `${writes.length} parts`);
      },
      'wantWrite',
    ),
    must(
      'busy/rest-is-written',
      '4.6; 5.3',
      'what a busy phone has missed is written later',
      async (t) => {
        const items = [...ITEMS, { name: 'reg-addr', value: 'sip.example.net' }];
        const { phone } = await refusedInCall(t, {}, items, (each) => (each.maxItems = '1'));
        await comesBack(t, phone, items);
        for (const item of items) check(isWritten(phone, [item]), `${item.name} to be written`, 'a contact without it');
      },
      'wantWrite',
    ),
    should(
      'busy/plain-at-the-end',
      '4.6; M p.75',
      'after the last job the CleanUp is plain',
      async (t) => {
        const { phone } = await refusedInCall(t);
        const { last } = await t.walkOn(phone, await t.workArrives(phone, 'WriteItems'));
        check(valueOf(last.message, 'send-solicited') === undefined, 'a plain CleanUp', 'send-solicited');
      },
      'wantWrite',
    ),
    must(
      'busy/start-up-instead',
      '4.6; M p.72',
      'a phone that has restarted in between gets the work as well',
      async (t) => {
        const { phone } = await refusedInCall(t);
        phone.disconnect();
        phone.cookie = undefined;
        await t.contact(phone);
        if (!isWritten(phone, ITEMS)) await comesBack(t, phone);
      },
      'wantWrite',
    ),
    must(
      'busy/other-job-meanwhile',
      '4.6; M p.74, 75',
      'a phone that comes during its call gets the job that writes nothing',
      async (t) => {
        const { phone } = await refusedInCall(t);
        await t.add(phone, 'wantRead', { items: [{ name: 'reg-port' }] });
        let writes = 0;
        const until = (message: ServiceMessage): boolean => message.action === 'ReadItems';
        for (let contact = 0; contact < 3; contact += 1) {
          const { last } = await t.walk(phone, phone.initial('solicited'), {
            until,
            reactions: {
              WriteItems: () => {
                writes += 1;
                return phone.reply('WriteItems', { status: 'busy' });
              },
            },
          });
          if (until(last.message)) return;
        }
        check(false, 'ReadItems, which a busy phone does not refuse', `three contacts with ${writes} x WriteItems`);
      },
      'wantWrite',
      'wantRead',
    ),
    must(
      'busy/all-jobs-done',
      '4.6; M p.72, 75',
      'when the call is over all jobs are done, one contact after the other if need be',
      async (t) => {
        const { phone } = await refusedInCall(t);
        await t.add(phone, 'wantRead', { items: [{ name: 'reg-port' }] });
        const seen = new Set<string>();
        for (let contact = 0; contact < 4 && !(seen.has('ReadItems') && isWritten(phone, ITEMS)); contact += 1) {
          const { answers } = await t.contact(phone, 'solicited');
          for (const { message } of answers)
            if (message.items.some(({ name }) => name === 'reg-port')) seen.add(message.action);
        }
        check(seen.has('ReadItems'), 'the job that reads', 'four contacts without');
        check(isWritten(phone, ITEMS), 'the job that writes', 'four contacts without');
      },
      'wantWrite',
      'wantRead',
    ),
    should(
      'busy/more-jobs-wait',
      '4.6; M p.72, 75',
      'while another job waits the CleanUp says send-solicited, after the last it is plain',
      async (t) => {
        const { phone } = await refusedInCall(t);
        await t.add(phone, 'wantRead', { items: [{ name: 'reg-port' }] });
        const ends: boolean[] = [];
        const jobs = new Set<string>();
        for (let contact = 0; contact < 4 && jobs.size < 2; contact += 1) {
          const { answers, last } = await t.contact(phone, 'solicited');
          for (const { message } of answers) {
            if (message.action === 'WriteItems') jobs.add('write');
            if (message.action === 'ReadItems' && message.items.some(({ name }) => name === 'reg-port'))
              jobs.add('read');
          }
          ends.push(valueOf(last.message, 'send-solicited') === 'true');
        }
        check(ends.at(-1) === false, 'a plain CleanUp after the last job', 'send-solicited');
        check(ends.slice(0, -1).every(Boolean), 'send-solicited while a job waits', 'a plain CleanUp');
      },
      'wantWrite',
      'wantRead',
    ),
    must(
      'busy/read-all',
      '4.6; 10.8',
      'busy to ReadAllItems is answered by CleanUp, and asked again later',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantReadAll', {});
        await t.workArrives(phone, 'ReadAllItems');
        const { message } = await t.say(phone, phone.reply('ReadAllItems', { status: 'busy' }));
        check(message.action === 'CleanUp', 'CleanUp', message.actionText);
        await t.workArrives(phone, 'ReadAllItems');
      },
      'wantReadAll',
    ),
    must(
      'busy/restart-loses-the-wish',
      '4.6; M p.72',
      'a phone that has forgotten to come back gets the work when it is there for another reason',
      async (t) => {
        const { phone } = await refusedInCall(t, { softwareVersion: 'V2 R2.30.0' });
        phone.disconnect();
        phone.cookie = undefined;
        const { answers } = await t.contact(phone, 'inventory-changes', [{ name: 'key-modules', value: '1' }]);
        const isDone = answers.some(({ message }) => message.action === 'WriteItems');
        if (!isDone) await comesBack(t, phone);
      },
      'wantWrite',
    ),
  ],
};
