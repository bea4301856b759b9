import { CaseNotRun, check, must, should, type Chapter } from '../conformance-case.js';
import type { PhoneItem } from '../phone/message-text.js';
import type { Phone } from '../phone/phone.js';
import type { ServiceItem, ServiceMessage } from '../phone/service-message.js';
import type { CaseRun } from '../run/case-run.js';

const PASSWORD = '271828';
const PROFILE: readonly ServiceItem[] = [{ name: 'display-id-unicode', value: 'Mobile User' }];
const USER_DATA: readonly PhoneItem[] = [
  { name: 'userdata-phonebook', index: 1, value: Buffer.from('first part of a phone book').toString('base64') },
  { name: 'userdata-phonebook', index: 2, value: Buffer.from('second part of it').toString('base64') },
];

const mobile = (state: 0 | 1 | 2, e164: string, more: readonly PhoneItem[] = []): readonly PhoneItem[] => [
  { name: 'sip-mobility-state', value: String(state) },
  { name: 'mobility-enabled', value: 'true' },
  { name: 'e164', value: e164 },
  ...more,
];
const password = (value: string): PhoneItem => ({ name: 'user-pwd', value });

interface Visit {
  readonly phone: Phone;
  readonly user: string;
}

/** A phone with nobody logged on, and a user that the server knows. */
async function aUser(t: CaseRun): Promise<Visit> {
  const phone = t.phone();
  // Numbers of users are as unique as those of phones.
  const user = t.phone().traits.e164.replace(/^4989/, '4930');
  await t.walk(phone, phone.initial('start-up', mobile(1, phone.traits.e164)));
  await t.add(phone, 'mobileUser', { e164: user, password: PASSWORD, items: PROFILE });
  return { phone, user };
}

/** Everything written in the contact of a logon. */
async function logOn(t: CaseRun, { phone, user }: Visit, word = PASSWORD): Promise<readonly ServiceItem[]> {
  const { answers } = await t.walk(phone, phone.initial('inventory-changes', mobile(0, user, [password(word)])));
  return answers.flatMap(({ message }) => (message.action === 'WriteItems' ? message.items : []));
}

const grantsLogon = (written: readonly ServiceItem[]): boolean =>
  written.some(({ name, value }) => name === 'sip-mobility-state' && value === '0');

/** Steps 5 and 6 of a logon. */
async function interimStart(t: CaseRun, { phone, user }: Visit): Promise<void> {
  phone.disconnect();
  phone.cookie = undefined;
  await t.walk(phone, phone.initial('start-up', mobile(2, user)));
}

/** A logoff in which the phone has these parts of user data to save. */
async function logOff(t: CaseRun, { phone, user }: Visit): Promise<readonly ServiceMessage[]> {
  const names = [...new Set(USER_DATA.map(({ name }) => name))].join(',');
  const items = mobile(1, user, [
    { name: 'configuration-changed-flag', value: 'true' },
    { name: 'modified-items', value: names },
  ]);
  const { answers } = await t.walk(phone, phone.initial('inventory-changes', items), {
    reactions: { ReadItems: () => phone.reply('ReadItems', { items: USER_DATA }) },
  });
  phone.disconnect();
  phone.cookie = undefined;
  await t.walk(phone, phone.initial('start-up', mobile(1, phone.traits.e164)));
  return answers.map(({ message }) => message);
}

async function asksForData(t: CaseRun, { phone, user }: Visit): Promise<readonly ServiceMessage[]> {
  const items = mobile(0, user, [{ name: 'requested-items', value: 'userdata-phonebook,userdata-call-log' }]);
  const { answers } = await t.walk(phone, phone.initial('inventory-changes', items));
  return answers.map(({ message }) => message);
}

export const MOBILITY: Chapter = {
  name: 'mobility',
  title: 'Mobile users',
  cases: [
    must(
      'mobility/logon',
      '4.12',
      'a user with the right password is logged on: state 0 is written',
      async (t) => {
        const written = await logOn(t, await aUser(t));
        check(
          grantsLogon(written),
          'WriteItems with sip-mobility-state = 0',
          written.map(({ name }) => name).join(', ') || 'no WriteItems',
        );
      },
      'mobileUser',
    ),
    must(
      'mobility/logon-profile',
      '4.12',
      'the profile of the user is written',
      async (t) => {
        const written = await logOn(t, await aUser(t));
        const [item] = PROFILE;
        const found = written.find(({ name }) => name === item?.name);
        check(found?.value === item?.value, `${item?.name} = ${item?.value}`, found?.value ?? 'none');
      },
      'mobileUser',
    ),
    must(
      'mobility/wrong-password',
      '4.12; 11.13',
      'a wrong password is no logon',
      async (t) => {
        const written = await logOn(t, await aUser(t), '000000');
        check(!grantsLogon(written), 'no sip-mobility-state = 0', 'a logon');
        const [item] = PROFILE;
        check(!written.some(({ value }) => value === item?.value), 'nothing of the profile', 'the profile');
      },
      'mobileUser',
    ),
    must(
      'mobility/no-password',
      '4.12; 11.13',
      'no password is no logon',
      async (t) => {
        const { phone, user } = await aUser(t);
        const { answers } = await t.walk(phone, phone.initial('inventory-changes', mobile(0, user)));
        const written = answers.flatMap(({ message }) => (message.action === 'WriteItems' ? message.items : []));
        check(!grantsLogon(written), 'no sip-mobility-state = 0', 'a logon');
      },
      'mobileUser',
    ),
    must(
      'mobility/unknown-user',
      '4.12; 11.13',
      'a user that nobody knows is no logon',
      async (t) => {
        const { phone, user } = await aUser(t);
        const written = await logOn(t, { phone, user: `${user}99` });
        check(!grantsLogon(written), 'no sip-mobility-state = 0', 'a logon');
      },
      'mobileUser',
    ),
    must(
      'mobility/right-after-wrong',
      '4.12',
      'after a wrong password the right one is a logon',
      async (t) => {
        const visit = await aUser(t);
        await logOn(t, visit, '000000');
        check(grantsLogon(await logOn(t, visit)), 'a logon', 'none');
      },
      'mobileUser',
    ),
    must(
      'mobility/interim',
      '4.12',
      'the start-up in state 2 after a logon ends',
      async (t) => {
        const visit = await aUser(t);
        await logOn(t, visit);
        await interimStart(t, visit);
      },
      'mobileUser',
    ),
    must(
      'mobility/nothing-stored',
      '4.12',
      'a phone that asks for user data of which there is none is sent on its way',
      async (t) => {
        const visit = await aUser(t);
        await logOn(t, visit);
        await interimStart(t, visit);
        const written = (await asksForData(t, visit)).flatMap(({ items }) => items);
        check(!written.some(({ name }) => name.startsWith('userdata-')), 'no userdata items', 'some');
      },
      'mobileUser',
    ),
    must(
      'mobility/logoff-saves',
      '4.12',
      'at logoff the modified user data is read',
      async (t) => {
        const visit = await aUser(t);
        await logOn(t, visit);
        await interimStart(t, visit);
        const reads = (await logOff(t, visit))
          .filter(({ action }) => action === 'ReadItems')
          .flatMap(({ items }) => items);
        check(
          reads.some(({ name }) => name === 'userdata-phonebook'),
          'ReadItems userdata-phonebook',
          reads.map(({ name }) => name).join(', ') || 'none',
        );
      },
      'mobileUser',
    ),
    must(
      'mobility/restore',
      '4.12',
      'at the next logon the user data comes back unchanged',
      async (t) => {
        const visit = await aUser(t);
        await logOn(t, visit);
        await interimStart(t, visit);
        await logOff(t, visit);
        await logOn(t, visit);
        await interimStart(t, visit);
        const written = (await asksForData(t, visit))
          .filter(({ action }) => action === 'WriteItems')
          .flatMap(({ items }) => items);
        for (const { name, index, value } of USER_DATA) {
          const found = written.find((item) => item.name === name && item.index === index);
          check(
            found !== undefined,
            `${name} (index ${index}) to be written`,
            written.map((item) => item.name).join(', ') || 'none',
          );
          check(found.value === value, 'the same value', 'another one');
        }
      },
      'mobileUser',
    ),
    should(
      'mobility/profile-leaves',
      '4.12; 11.13',
      'after logoff the profile of the user is not written again',
      async (t) => {
        const visit = await aUser(t);
        await logOn(t, visit);
        await interimStart(t, visit);
        await logOff(t, visit);
        const { answers } = await t.walk(
          visit.phone,
          visit.phone.initial('solicited', mobile(1, visit.phone.traits.e164)),
        );
        const again = answers.flatMap(({ message }) => (message.action === 'WriteItems' ? message.items : []));
        check(!again.some(({ value }) => value === PROFILE[0]?.value), 'no item of the profile', 'the profile');
      },
      'mobileUser',
    ),
    must(
      'mobility/busy-logon',
      '4.6; 4.12',
      'a phone that is busy at logon is sent away',
      async (t) => {
        const { phone, user } = await aUser(t);
        const until = (message: ServiceMessage): boolean => message.action === 'WriteItems';
        const first = phone.initial('inventory-changes', mobile(0, user, [password(PASSWORD)]));
        const { last } = await t.walk(phone, first, { until });
        if (!until(last.message)) throw new CaseNotRun('the logon was not answered by WriteItems');
        const { message } = await t.say(phone, phone.reply('WriteItems', { status: 'busy' }));
        check(message.action === 'CleanUp', 'CleanUp', message.actionText);
      },
      'mobileUser',
    ),
    must(
      'mobility/password-is-not-told',
      '4.12; 7.4',
      'what was typed as password comes back in no answer',
      async (t) => {
        const { phone, user } = await aUser(t);
        const { answers } = await t.walk(
          phone,
          phone.initial('inventory-changes', mobile(0, user, [password('geheim-4711')])),
        );
        const told = answers.find(({ wire }) => wire.body.includes('geheim-4711'));
        check(told === undefined, 'no password in an answer', told?.message.actionText ?? '');
      },
      'mobileUser',
    ),
  ],
};
