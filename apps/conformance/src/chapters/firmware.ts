import { check, must, should, type Chapter, type ConformanceCase } from '../conformance-case.js';
import { valueOf, type Understood } from '../phone/converse.js';
import type { PhoneItem } from '../phone/message-text.js';
import type { Phone } from '../phone/phone.js';
import type { ServiceMessage } from '../phone/service-message.js';
import type { CaseRun } from '../run/case-run.js';

const NEW_VERSION = 'V3 R5.14.1';
const FIRMWARE = {
  softwareType: 'Siemens SIP',
  version: NEW_VERSION,
  url: 'https://files.example.net/os60-v3r5.14.1.img',
};
const started = (version: string): readonly PhoneItem[] => [
  { name: 'software-version', value: version },
  { name: 'related-software-version', value: version },
];

async function asked(t: CaseRun): Promise<{ readonly phone: Phone; readonly first: Understood }> {
  const phone = t.phone();
  await t.give(phone, 'wantFirmware', FIRMWARE);
  return { phone, first: await t.workArrives(phone, 'SoftwareDeployment') };
}

/** A contact after a restart; says whether firmware was offered in it. */
async function restarts(t: CaseRun, phone: Phone, version: string): Promise<boolean> {
  phone.disconnect();
  phone.cookie = undefined;
  const until = (message: ServiceMessage): boolean => message.action === 'SoftwareDeployment';
  const { last } = await t.walk(phone, phone.initial('start-up', started(version)), { until });
  return until(last.message);
}

/** What a phone may say instead of loading: the contact ends. */
function rejected(id: string, title: string, status: 'busy' | 'failed'): ConformanceCase {
  return must(
    `firmware/${id}`,
    '4.10; 11.11; M p.56',
    title,
    async (t) => {
      const { phone } = await asked(t);
      const answer = await t.say(phone, phone.reply('SoftwareDeployment', { status, items: [] }));
      const { last, answers } = await t.walkOn(phone, answer);
      check(
        last.message.action === 'CleanUp',
        'an end by CleanUp',
        answers.map(({ message }) => message.actionText).join(', '),
      );
    },
    'wantFirmware',
  );
}

export const FIRMWARE_CHAPTER: Chapter = {
  name: 'firmware',
  title: 'Firmware',
  cases: [
    must(
      'firmware/items',
      '3.4; 4.10; M p.56, 57',
      'firmware is a file of type APP with an address',
      async (t) => {
        const { message } = (await asked(t)).first;
        check(valueOf(message, 'file-type') === 'APP', 'file-type = APP', valueOf(message, 'file-type') ?? 'none');
        const url = valueOf(message, 'file-https-base-url') ?? valueOf(message, 'file-server');
        check(url !== undefined && url !== '', 'file-https-base-url or file-server', 'neither');
      },
      'wantFirmware',
    ),
    should(
      'firmware/software-type',
      '3.4; M p.57',
      'file-sw-type names the type of the firmware',
      async (t) => {
        const type = valueOf((await asked(t)).first.message, 'file-sw-type') ?? 'none';
        check(type === FIRMWARE.softwareType, FIRMWARE.softwareType, type);
      },
      'wantFirmware',
    ),
    must(
      'firmware/new-version',
      '4.10; M p.56',
      'a phone that starts with the new version is not sent it again',
      async (t) => {
        const { phone } = await asked(t);
        check(!(await restarts(t, phone, NEW_VERSION)), 'no second offer', 'SoftwareDeployment');
      },
      'wantFirmware',
    ),
    must(
      'firmware/loop-guard',
      '4.10; 10.12',
      'a phone that starts with the old version is not sent the image at once',
      async (t) => {
        const { phone } = await asked(t);
        check(!(await restarts(t, phone, 'V3 R5.12.0')), 'no second offer within minutes', 'SoftwareDeployment');
      },
      'wantFirmware',
    ),
    rejected('rejected-busy', 'refused as busy: the contact ends', 'busy'),
    rejected('rejected-failed', 'refused as failed: the contact ends', 'failed'),
    must(
      'firmware/rejected-by-status',
      '3.1; 4.10; M p.32',
      'refused by a status: the contact ends',
      async (t) => {
        const { phone } = await asked(t);
        const items = [
          { name: 'file-deployment-type', value: 'APP' },
          { name: 'file-deployment-status', value: 'failed' },
        ];
        const { last } = await t.walk(phone, phone.initial('status', items));
        check(last.message.action === 'CleanUp', 'an end by CleanUp', last.message.actionText);
      },
      'wantFirmware',
    ),
    should(
      'firmware/busy-comes-back',
      '4.6; 4.10',
      'what a busy phone refused is offered when it comes back',
      async (t) => {
        const { phone } = await asked(t);
        await t.say(phone, phone.reply('SoftwareDeployment', { status: 'busy', items: [] }));
        await t.workArrives(phone, 'SoftwareDeployment');
      },
      'wantFirmware',
    ),
  ],
};
