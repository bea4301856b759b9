import { check, must, should, type Chapter } from '../conformance-case.js';
import { valueOf } from '../phone/converse.js';
import type { Phone } from '../phone/phone.js';
import type { ServiceMessage } from '../phone/service-message.js';
import type { CaseRun } from '../run/case-run.js';

const READ = [{ name: 'sntp-addr' }, { name: 'function-key-def', index: 2 }];
const ITEM = 'wbm-server-certificate';
// What is in it is for the phone to say; the suite needs the form only.
const PKCS12 = Buffer.alloc(900, 0x30).toString('base64');

/** A contact in which this action does not come again. */
async function isOver(t: CaseRun, phone: Phone, action: string, reason = 'start-up'): Promise<void> {
  phone.disconnect();
  phone.cookie = undefined;
  const until = (message: ServiceMessage): boolean => message.action === action;
  const { last } = await t.walk(phone, phone.initial(reason), { until });
  check(last.message.action !== action, `no second ${action}`, action);
}

async function certificateAsked(t: CaseRun) {
  const phone = t.phone();
  await t.give(phone, 'wantCertificate', { item: ITEM, pkcs12: PKCS12 });
  return { phone, first: await t.workArrives(phone, 'WriteItems') };
}

export const JOBS: Chapter = {
  name: 'jobs',
  title: 'Single jobs: reading, restart, factory reset, certificates',
  cases: [
    must(
      'jobs/read',
      '4.4; M p.42-45',
      'ReadItems names what is wanted, without values',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantRead', { items: READ });
        const { message } = await t.workArrives(phone, 'ReadItems');
        for (const { name, index } of READ) {
          const found = message.items.find((item) => item.name === name && item.index === index);
          check(
            found !== undefined,
            `${name}${index === undefined ? '' : ` (index ${index})`}`,
            message.items.map((item) => item.name).join(', '),
          );
          check(found.value === '', 'no value', found.value);
        }
      },
      'wantRead',
    ),
    must(
      'jobs/read-once',
      '4.4; M p.42-45',
      'what was read is not asked for again',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantRead', { items: READ });
        await t.walkOn(phone, await t.workArrives(phone, 'ReadItems'));
        await isOver(t, phone, 'ReadItems', 'solicited');
      },
      'wantRead',
    ),
    must(
      'jobs/read-unknown-item',
      '6.2; 6.3; M p.26',
      'an item that the phone does not have ends nothing',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantRead', { items: [...READ, { name: 'reg-port' }] });
        const first = await t.workArrives(phone, 'ReadItems');
        const reply = (message: ServiceMessage) =>
          phone.reply('ReadItems', {
            items: message.items.map((item) => ({ ...item, value: '', status: 'unknown item' })),
          });
        await t.walkOn(phone, first, { reactions: { ReadItems: reply } });
      },
      'wantRead',
    ),
    must(
      'jobs/read-all',
      '3.2; M p.30, 34',
      'ReadAllItems of a known phone has no items',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantReadAll', {});
        const { message } = await t.workArrives(phone, 'ReadAllItems');
        check(message.items.length === 0, 'no items', `${message.items.length}`);
      },
      'wantReadAll',
    ),
    must(
      'jobs/restart',
      '3.5; 4.7; M p.50',
      'Restart without a type',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantRestart', {});
        const type = valueOf((await t.workArrives(phone, 'Restart')).message, 'restart-type');
        check(type === undefined || type === '', 'no restart-type', type ?? '');
      },
      'wantRestart',
    ),
    must(
      'jobs/restart-once',
      '4.7; M p.50',
      'a phone that has restarted is not restarted again',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantRestart', {});
        await t.workArrives(phone, 'Restart');
        await isOver(t, phone, 'Restart');
        await isOver(t, phone, 'Restart', 'solicited');
      },
      'wantRestart',
    ),
    must(
      'jobs/factory-reset',
      '3.5; 4.7; M p.51',
      'a factory reset has its type and a password',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantFactoryReset', {});
        const { message } = await t.workArrives(phone, 'Restart');
        const type = valueOf(message, 'restart-type') ?? 'no restart-type';
        check(type === 'FactoryReset', 'restart-type = FactoryReset', type);
        check((valueOf(message, 'restart-password') ?? '') !== '', 'a restart-password', 'none');
      },
      'wantFactoryReset',
    ),
    must(
      'jobs/factory-reset-once',
      '4.7; M p.32, 51',
      'a phone that starts after its reset is not reset again',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantFactoryReset', {});
        await t.workArrives(phone, 'Restart');
        await isOver(t, phone, 'Restart');
      },
      'wantFactoryReset',
    ),
    must(
      'jobs/certificate',
      '4.11; 6.4; M p.59, 60',
      'a certificate is written as Base64 of PKCS#12',
      async (t) => {
        const { message } = (await certificateAsked(t)).first;
        const value = valueOf(message, ITEM) ?? '';
        check(
          /^[A-Za-z0-9+/]+={0,2}$/.test(value.replaceAll(/\s/g, '')),
          'Base64',
          value === '' ? `no ${ITEM}` : 'something else',
        );
        check(value.replaceAll(/\s/g, '') === PKCS12, 'the PKCS#12 that was given', `${value.length} other characters`);
      },
      'wantCertificate',
    ),
    should(
      'jobs/certificate-info',
      '4.11; M p.59, 60',
      'after a certificate its information is read',
      async (t) => {
        const { phone, first } = await certificateAsked(t);
        const { answers } = await t.walkOn(phone, first);
        const reads = answers.flatMap(({ message }) => (message.action === 'ReadItems' ? message.items : []));
        check(
          reads.some(({ name }) => name === `${ITEM}-info`),
          `ReadItems ${ITEM}-info`,
          reads.map(({ name }) => name).join(', ') || 'none',
        );
      },
      'wantCertificate',
    ),
    must(
      'jobs/certificate-is-not-read',
      '3.2; 6.4; M p.30',
      'a certificate itself is never asked for',
      async (t) => {
        const { phone, first } = await certificateAsked(t);
        const { answers } = await t.walkOn(phone, first);
        const reads = answers.flatMap(({ message }) => (message.action === 'ReadItems' ? message.items : []));
        check(!reads.some(({ name }) => name === ITEM), `no ReadItems of ${ITEM}, which is write-only`, ITEM);
      },
      'wantCertificate',
    ),
    must(
      'jobs/certificate-busy',
      '4.6; 4.11; M p.62',
      'a certificate that a busy phone refuses is written later',
      async (t) => {
        const { phone } = await certificateAsked(t);
        await t.say(phone, phone.reply('WriteItems', { status: 'busy' }));
        const { message } = await t.workArrives(phone, 'WriteItems');
        check(valueOf(message, ITEM) !== undefined, ITEM, message.items.map(({ name }) => name).join(', '));
      },
      'wantCertificate',
    ),
  ],
};
