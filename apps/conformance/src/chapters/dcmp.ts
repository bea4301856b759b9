import { setTimeout as delay } from 'node:timers/promises';
import { check, must, should, type Chapter } from '../conformance-case.js';
import type { CaseRun } from '../run/case-run.js';

const ITEMS = [{ name: 'sntp-addr', value: '198.51.100.125' }];
const POLL_EVERY_MS = 250;

/** One poll; the status is all that counts. */
async function poll(t: CaseRun, mac: string | undefined): Promise<number> {
  const base = t.settings.addresses['--dcmp-url'] ?? '';
  const query = mac === undefined ? '' : `?device-id=${mac}`;
  return (await t.download(`${base}/contact-me${query}`, 'GET')).status;
}

/** Polls until the answer is this, or for a while. */
async function polled(t: CaseRun, mac: string, status: number): Promise<void> {
  const deadline = performance.now() + t.settings.timeoutMs;
  let last = 0;
  while (performance.now() < deadline) {
    last = await poll(t, mac);
    if (last === status) return;
    await delay(POLL_EVERY_MS);
  }
  check(last === status, `status ${status}`, `status ${last}`);
}

export const DCMP: Chapter = {
  name: 'dcmp',
  title: 'Polling (DCMP)',
  cases: [
    must(
      'dcmp/nothing',
      '8.2; M p.15, 24',
      'a phone for which there is nothing gets 200',
      async (t) => {
        const phone = t.phone();
        await t.contact(phone);
        await polled(t, phone.mac, 200);
      },
      '--dcmp-url',
    ),
    must(
      'dcmp/unknown-phone',
      '8.2; M p.15, 24',
      'a phone that nobody knows gets 200',
      async (t) => {
        const status = await poll(t, t.phone().mac);
        check(status === 200, 'status 200', `status ${status}`);
      },
      '--dcmp-url',
    ),
    must(
      'dcmp/pending',
      '8.2; M p.15, 24',
      'a phone for which work waits gets 202',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantWrite', { items: ITEMS });
        await polled(t, phone.mac, 202);
      },
      '--dcmp-url',
      'wantWrite',
    ),
    must(
      'dcmp/lower-case',
      '8.2; M p.15',
      'letters of the address in lower case',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantWrite', { items: ITEMS });
        await polled(t, phone.mac.toLowerCase(), 202);
      },
      '--dcmp-url',
      'wantWrite',
    ),
    must(
      'dcmp/percent-encoded',
      '8.2; M p.15',
      'colons percent-encoded',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantWrite', { items: ITEMS });
        await polled(t, encodeURIComponent(phone.mac), 202);
      },
      '--dcmp-url',
      'wantWrite',
    ),
    must(
      'dcmp/done',
      '8.2',
      'when the work is done it is 200 again',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantWrite', { items: ITEMS });
        await polled(t, phone.mac, 202);
        await t.walkOn(phone, await t.workArrives(phone, 'WriteItems'));
        await polled(t, phone.mac, 200);
      },
      '--dcmp-url',
      'wantWrite',
    ),
    must(
      'dcmp/other-phone',
      '8.2',
      'work of one phone is no work of another',
      async (t) => {
        const [phone, other] = [t.phone(), t.phone()];
        await t.give(phone, 'wantWrite', { items: ITEMS });
        await polled(t, phone.mac, 202);
        const status = await poll(t, other.mac);
        check(status === 200, 'status 200', `status ${status}`);
      },
      '--dcmp-url',
      'wantWrite',
    ),
    should(
      'dcmp/no-device',
      '8.2',
      'a poll that names no phone is no 202',
      async (t) => {
        const status = await poll(t, undefined);
        check(status !== 202 && status < 500, 'any status but 202', `status ${status}`);
      },
      '--dcmp-url',
    ),
    should(
      'dcmp/nonsense',
      '8.2; 7.4',
      'a poll with nonsense is no 202',
      async (t) => {
        for (const id of ['%00', '../../etc', 'x'.repeat(5_000), '%3Cscript%3E']) {
          const status = await poll(t, id);
          check(status !== 202 && status < 500, 'any status but 202', `status ${status}`);
        }
      },
      '--dcmp-url',
    ),
  ],
};
