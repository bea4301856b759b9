import type { ConnectionOptions } from 'node:tls';
import { CaseNotRun, must, should, type Chapter, type ConformanceCase } from '../conformance-case.js';
import type { Phone } from '../phone/phone.js';
import type { CaseRun } from '../run/case-run.js';

const TLS_1_0: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1' };

/** A phone that speaks TLS 1.0 only, with these ciphers. */
function oldPhone(t: CaseRun, ciphers = 'AES128-SHA'): Phone {
  const target = t.settings.addresses['--legacy-url'];
  if (target === undefined) throw new CaseNotRun('needs --legacy-url');
  const phone = t.phone({ deviceType: 'OpenStage 40', softwareVersion: 'V1 R5.6.53' }, target);
  phone.tls = { ...TLS_1_0, ciphers: `${ciphers}:@SECLEVEL=0` };
  phone.keepsConnection = false;
  return phone;
}

function over(make: typeof must, id: string, title: string, ciphers: string): ConformanceCase {
  return make(
    `legacy/${id}`,
    '1.4; 10.18; 11.14',
    title,
    async (t) => void (await t.contact(oldPhone(t, ciphers))),
    '--legacy-url',
  );
}

export const LEGACY: Chapter = {
  name: 'legacy',
  title: 'Phones that speak only TLS 1.0',
  cases: [
    over(must, 'rsa-aes128', 'RSA key exchange, AES-128-CBC, SHA-1', 'AES128-SHA'),
    over(should, 'rsa-aes256', 'RSA key exchange, AES-256-CBC, SHA-1', 'AES256-SHA'),
    over(should, 'dhe', 'DHE key exchange', 'DHE-RSA-AES128-SHA'),
    over(should, 'ecdhe', 'ECDHE key exchange', 'ECDHE-RSA-AES128-SHA'),
    must(
      'legacy/start-up-again',
      '4.1; 1.4',
      'a phone that starts a second time',
      async (t) => {
        const phone = oldPhone(t);
        await t.contact(phone);
        await t.contact(phone);
      },
      '--legacy-url',
    ),
    must(
      'legacy/fragments',
      '5.2; 1.4',
      'a report in fragments, each over a connection of its own',
      async (t) => {
        const phone = oldPhone(t);
        await t.recognised(phone, await t.say(phone, phone.initial('start-up')));
      },
      '--legacy-url',
    ),
    must(
      'legacy/write',
      '4.5; 1.4',
      'work is done over TLS 1.0',
      async (t) => {
        const phone = oldPhone(t);
        await t.give(phone, 'wantWrite', { items: [{ name: 'sntp-addr', value: '198.51.100.126' }] });
        await t.walkOn(phone, await t.workArrives(phone, 'WriteItems'));
      },
      '--legacy-url',
      'wantWrite',
    ),
    must(
      'legacy/inventory-changes',
      '3.1; 1.4; M p.28',
      'inventory-changes',
      async (t) => {
        const phone = oldPhone(t);
        await t.contact(phone);
        await t.contact(phone, 'inventory-changes', [{ name: 'sip-mobility-state', value: '1' }]);
      },
      '--legacy-url',
    ),
  ],
};
