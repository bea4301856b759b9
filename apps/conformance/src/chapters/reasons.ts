import { check, must, should, type Chapter, type ConformanceCase } from '../conformance-case.js';
import type { PhoneItem } from '../phone/message-text.js';
import type { PhoneTraits } from '../phone/phone-items.js';
import { understand } from '../phone/converse.js';
import type { CaseRun } from '../run/case-run.js';

/** A contact of a phone that the server has or has not seen, from this first message to its end. */
function contactOf(
  reason: string,
  options: { isKnown?: boolean; items?: readonly PhoneItem[]; traits?: Partial<PhoneTraits> } = {},
): (t: CaseRun) => Promise<void> {
  return async (t) => {
    const phone = t.phone(options.traits);
    if (options.isKnown === true) await t.contact(phone);
    await t.contact(phone, reason, options.items);
  };
}

const CHANGED: PhoneItem = { name: 'configuration-changed-flag', value: 'true' };
const ATTACHED: readonly PhoneItem[] = [
  CHANGED,
  { name: 'configuration-attached-flag', value: 'true' },
  { name: 'configuration-attached-number', value: '2' },
  { name: 'display-brightness', value: '4' },
  { name: 'key-label-unicode', index: 3, value: 'Empfang' },
];
const MODULES: readonly PhoneItem[] = [
  { name: 'key-modules', value: '1' },
  { name: 'blf-modules', value: '', status: 'failed' },
  { name: 'slk-modules', value: '0' },
  { name: 'km15-modules', value: '0' },
];
const deployed = (status: string, index?: number): readonly PhoneItem[] => [
  { name: 'file-deployment-date', index, value: '17:09:2024' },
  { name: 'file-deployment-time', index, value: '08:41:07' },
  { name: 'file-deployment-name', index, value: 'klang-drei.mp3' },
  { name: 'file-deployment-type', index, value: 'RINGTONE' },
  { name: 'file-deployment-status', index, value: status },
];
const LOGON: readonly PhoneItem[] = [
  { name: 'sip-mobility-state', value: '0' },
  { name: 'e164', value: '4989100777' },
  { name: 'mobility-enabled', value: 'true' },
  { name: 'user-pwd', value: '000000' },
];

const MODELS: readonly (readonly [id: string, deviceType: string, softwareVersion: string])[] = [
  ['openstage-15', 'OpenStage 15', 'V3 R5.12.0'],
  ['openstage-20e', 'OpenStage 20E', 'V2 R2.30.0'],
  ['openstage-40', 'OpenStage 40', 'V1 R5.6.53'],
  ['openstage-80', 'OpenStage 80', 'V3 R4.11.0'],
  ['desk-phone-ip-55g', 'OpenScape Desk Phone IP 55G', 'V3 R5.12.0'],
  ['cp210', 'OpenScape Desk Phone CP210', 'V2 R0.11.0'],
  ['cp710', 'OpenScape Desk Phone CP710', 'V1.2 R0.3.4'],
];

/** A message that begins nothing: the server may only send the phone away. */
function isSentAway(id: string, clause: string, title: string, reason: string): ConformanceCase {
  return should(`reasons/${id}`, clause, title, async (t) => {
    const phone = t.phone();
    const { message } = await t.say(phone, phone.initial(reason));
    check(message.action === 'CleanUp', 'CleanUp', message.actionText);
  });
}

export const REASONS: Chapter = {
  name: 'reasons',
  title: 'Reasons for contact',
  cases: [
    must('reasons/start-up-unknown', '4.1; M p.32-35', 'start-up of a phone never seen', contactOf('start-up')),
    must(
      'reasons/start-up-known',
      '4.1; M p.34',
      'start-up of a known phone, nothing changed',
      contactOf('start-up', { isKnown: true }),
    ),
    must(
      'reasons/start-up-known-changed',
      '4.1; M p.34',
      'start-up of a known phone whose configuration changed',
      contactOf('start-up', { isKnown: true, items: [CHANGED] }),
    ),
    must(
      'reasons/start-up-new-firmware',
      '4.10; M p.56',
      'start-up with another firmware than before',
      contactOf('start-up', {
        isKnown: true,
        items: [{ name: 'software-version', value: 'V3 R5.14.1' }],
      }),
    ),
    should(
      'reasons/start-up-odd-version',
      '3.3; 10.17',
      'a version that nobody can read',
      contactOf('start-up', {
        traits: { softwareVersion: 'Unknown' },
      }),
    ),
    ...MODELS.map(([id, deviceType, softwareVersion]) =>
      must(
        `reasons/start-up-${id}`,
        '3.3; M p.35, 82',
        `start-up of an ${deviceType}`,
        contactOf('start-up', { traits: { deviceType, softwareVersion } }),
      ),
    ),
    should(
      'reasons/start-up-other-model',
      '3.3',
      'start-up of a model that nobody knows',
      contactOf('start-up', { traits: { deviceType: 'OpenScape Desk Phone CP9000' } }),
    ),
    must(
      'reasons/start-up-hfa',
      '3.3; M p.35',
      'start-up of a phone with HFA firmware',
      contactOf('start-up', { items: [{ name: 'software-type', value: 'Siemens HFA' }] }),
    ),
    must('reasons/start-up-twice', '3.1; M p.28', 'a phone that starts again in the middle of a contact', async (t) => {
      const phone = t.phone();
      await t.say(phone, phone.initial('start-up'));
      phone.disconnect();
      phone.cookie = undefined;
      await t.contact(phone);
    }),
    must(
      'reasons/local-changes',
      '4.2; M p.37, 38',
      'local-changes without the changed items',
      contactOf('local-changes', { isKnown: true, items: [CHANGED] }),
    ),
    should('reasons/local-changes-are-read', '4.2; M p.37, 38', 'changes that are not attached are read', async (t) => {
      const phone = t.phone({ softwareVersion: 'V2 R1.5.0' });
      await t.contact(phone);
      const { message } = await t.say(phone, phone.initial('local-changes', [CHANGED]));
      check(/^Read(All)?Items$/.test(message.action), 'ReadAllItems', message.actionText);
    }),
    must(
      'reasons/local-changes-attached',
      '4.3; M p.40',
      'local-changes with the changed items',
      contactOf('local-changes', { isKnown: true, items: ATTACHED }),
    ),
    should('reasons/local-changes-attached-end', '4.3', 'attached changes need no further reading', async (t) => {
      const phone = t.phone();
      await t.contact(phone);
      const { message } = await t.say(phone, phone.initial('local-changes', ATTACHED));
      check(
        message.action !== 'ReadAllItems',
        'CleanUp, or a step that is no reading of everything',
        message.actionText,
      );
    }),
    must(
      'reasons/local-changes-unknown-phone',
      '3.1; M p.28',
      'local-changes of a phone never seen',
      contactOf('local-changes', { items: ATTACHED }),
    ),
    must(
      'reasons/local-changes-other-count',
      '4.3; 11.18',
      'a number of attached items that does not fit',
      contactOf('local-changes', {
        isKnown: true,
        items: ATTACHED.map((item) => (item.name === 'configuration-attached-number' ? { ...item, value: '7' } : item)),
      }),
    ),
    must(
      'reasons/local-changes-flag-false',
      '4.2; 4.3; M p.40',
      'configuration-attached-flag false',
      contactOf('local-changes', {
        isKnown: true,
        items: [CHANGED, { name: 'configuration-attached-flag', value: 'false' }],
      }),
    ),
    must(
      'reasons/inventory-changes',
      '3.1; M p.28',
      'inventory-changes with a key module',
      contactOf('inventory-changes', { isKnown: true, items: MODULES }),
    ),
    must(
      'reasons/inventory-changes-unknown-phone',
      '3.1; M p.28',
      'inventory-changes of a phone never seen',
      contactOf('inventory-changes', { items: MODULES }),
    ),
    must(
      'reasons/solicited-known',
      '4.4; M p.43',
      'solicited of a known phone',
      contactOf('solicited', { isKnown: true }),
    ),
    must(
      'reasons/solicited-unknown-phone',
      '3.1; M p.28, 43',
      'solicited of a phone never seen',
      contactOf('solicited'),
    ),
    should(
      'reasons/status-ok',
      '3.1; 4.8; M p.54',
      'status outside a contact: a file has arrived',
      contactOf('status', { isKnown: true, items: deployed('ok') }),
    ),
    should(
      'reasons/status-failed',
      '3.1; 3.4; M p.54',
      'status outside a contact: a file has failed',
      contactOf('status', { isKnown: true, items: deployed('failed') }),
    ),
    should(
      'reasons/status-other-text',
      '3.4',
      'status with a text that is neither ok nor failed',
      contactOf('status', { isKnown: true, items: deployed('timeout') }),
    ),
    should(
      'reasons/status-indexed',
      '4.9; 11.12',
      'status with indexed items',
      contactOf('status', { isKnown: true, items: [...deployed('ok', 1), ...deployed('ok', 2)] }),
    ),
    should(
      'reasons/status-unknown-phone',
      '3.1',
      'status of a phone never seen',
      contactOf('status', { items: deployed('ok') }),
    ),
    must(
      'reasons/mobility-logon',
      '4.12',
      'a mobile user logs on',
      contactOf('inventory-changes', { isKnown: true, items: LOGON }),
    ),
    must(
      'reasons/mobility-interim',
      '4.12',
      'start-up with mobility state 2',
      contactOf('start-up', { isKnown: true, items: [{ name: 'sip-mobility-state', value: '2' }] }),
    ),
    must(
      'reasons/mobility-requests-data',
      '4.12',
      'a phone asks for user data',
      contactOf('inventory-changes', {
        isKnown: true,
        items: [{ name: 'requested-items', value: 'userdata-vu1,userdata-call-log,userdata-phonebook' }],
      }),
    ),
    must(
      'reasons/mobility-logoff',
      '4.12',
      'a mobile user logs off',
      contactOf('inventory-changes', {
        isKnown: true,
        items: [
          { name: 'sip-mobility-state', value: '1' },
          { name: 'e164', value: '4989100777' },
          { name: 'modified-items', value: 'userdata-vu1,userdata-call-log' },
          CHANGED,
        ],
      }),
    ),
    should(
      'reasons/clean-up-in-contact',
      '4.14; 11.19; M p.83',
      'clean-up of the phone ends the contact',
      async (t) => {
        const phone = t.phone();
        await t.say(phone, phone.initial('start-up'));
        const items = [{ name: 'cleanup-reason', value: 'password retries exceeded' }];
        const { message } = await t.say(phone, phone.message({ reason: 'clean-up', fragment: 'final', items }));
        check(message.action === 'CleanUp', 'CleanUp', message.actionText);
      },
    ),
    should('reasons/clean-up-without-items', '4.14; 11.19', 'clean-up without items', async (t) => {
      const phone = t.phone();
      await t.say(phone, phone.initial('start-up'));
      const { message } = await t.say(phone, phone.message({ reason: 'clean-up' }));
      check(message.action === 'CleanUp', 'CleanUp', message.actionText);
    }),
    should('reasons/clean-up-outside-contact', '4.14; 11.19', 'clean-up outside a contact', async (t) => {
      const phone = t.phone();
      const { message } = await t.say(phone, phone.message({ reason: 'clean-up' }));
      check(message.action === 'CleanUp', 'CleanUp', message.actionText);
    }),
    must('reasons/contact-after-clean-up', '4.14; M p.13', 'after its clean-up a phone is served again', async (t) => {
      const phone = t.phone();
      await t.say(phone, phone.initial('start-up'));
      await phone.exchange(phone.message({ reason: 'clean-up' }));
      await t.contact(phone);
    }),
    isSentAway('unknown', '1.2.6; 3.1', 'a reason that is not in the list', 'coffee-break'),
    isSentAway('empty', '1.2.6; 3.1', 'an empty reason', ''),
    should(
      'reasons/unknown-in-contact',
      '1.2.6; 3.1',
      'a reason that is not in the list, in the middle of a contact',
      async (t) => {
        const phone = t.phone();
        await t.say(phone, phone.initial('start-up'));
        understand(await phone.exchange(phone.message({ reason: 'coffee-break', items: [] })));
        await t.contact(phone);
      },
    ),
  ],
};
