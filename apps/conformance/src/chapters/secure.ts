import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { CaseFailure, CaseNotRun, check, must, should, type Chapter } from '../conformance-case.js';
import { valueOf, type Understood } from '../phone/converse.js';
import type { Phone } from '../phone/phone.js';
import type { ServiceMessage } from '../phone/service-message.js';
import type { CaseRun } from '../run/case-run.js';

const BETWEEN_CONTACTS_MS = 500;
const CERTIFICATE = 'dls-client-certificate';

/** A phone that is told to go to Secure Mode. */
async function asked(t: CaseRun): Promise<{ readonly phone: Phone; readonly first: Understood }> {
  const phone = t.phone();
  await t.give(phone, 'wantSecureMode', {});
  const isIt = (message: ServiceMessage): boolean => valueOf(message, 'goto-secure-mode') !== undefined;
  for (let contact = 0; contact < 3; contact += 1) {
    // A service that was late once does not have to be late again at once.
    if (contact > 0) await delay(BETWEEN_CONTACTS_MS);
    const { last } = await t.walk(phone, phone.initial(contact === 0 ? 'start-up' : 'solicited'), { until: isIt });
    if (isIt(last.message)) return { phone, first: last };
  }
  throw new CaseFailure('WriteItems with goto-secure-mode', 'three contacts without');
}

/** The same phone at the secure port, with the certificate that it was given. */
async function atSecurePort(
  t: CaseRun,
): Promise<{ readonly secure: Phone; readonly phone: Phone; readonly message: ServiceMessage }> {
  const target = t.settings.addresses['--secure-url'];
  if (target === undefined) throw new CaseNotRun('needs --secure-url');
  const { phone, first } = await asked(t);
  await t.walkOn(phone, first);
  phone.disconnect();
  const secure = t.phone(phone.traits, target);
  secure.tls = clientCertificate(first.message);
  return { secure, phone, message: first.message };
}

function clientCertificate(message: ServiceMessage): ConnectionOptions {
  const options = { pfx: Buffer.from(valueOf(message, CERTIFICATE) ?? '', 'base64'), passphrase: '' };
  try {
    createSecureContext(options);
    return options;
  } catch (error) {
    throw new CaseNotRun(
      `the PKCS#12 does not open with an empty passphrase: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

/** Nothing is done for this phone: no connection, no answer that gives work, or CleanUp. */
async function isRefused(phone: Phone, what: string): Promise<void> {
  try {
    const { wire } = await phone.exchange(phone.initial('start-up'));
    const answer = wire.body.toString('utf8');
    const isEnd = wire.status >= 400 || /<(?:\w+:)?Action\b[^>]*>\s*CleanUp\s*</.test(answer);
    check(isEnd, `no service ${what}`, `status ${wire.status} ${answer.slice(0, 300)}`);
  } catch (error) {
    // A handshake that fails is a refusal, too.
    if (!(error instanceof CaseFailure && error.expected === 'an answer') && !isTlsRefusal(error)) throw error;
  }
}

function isTlsRefusal(error: unknown): boolean {
  return error instanceof CaseFailure && /connection|closed|refused/i.test(error.got);
}

export const SECURE: Chapter = {
  name: 'secure',
  title: 'Secure Mode without PIN',
  cases: [
    must(
      'secure/order',
      '7.2; M p.64',
      'the order has the certificate, the authorities and the port',
      async (t) => {
        const { message } = (await asked(t)).first;
        const mode = valueOf(message, 'goto-secure-mode') ?? 'none';
        check(mode === 'nopin', 'goto-secure-mode = nopin', mode);
        const names = message.items.map(({ name, index }) => (index === undefined ? name : `${name}[${index}]`));
        for (const name of [CERTIFICATE, 'dls-server-ca[0]', 'dls-secure-port'])
          check(names.includes(name), name, names.join(', '));
      },
      'wantSecureMode',
    ),
    must(
      'secure/one-message',
      '5.3; 7.2; M p.64, 71',
      'a phone of small messages gets the order in one',
      async (t) => {
        const phone = t.phone();
        phone.maxItems = '6';
        await t.give(phone, 'wantSecureMode', {});
        const until = (message: ServiceMessage): boolean => valueOf(message, 'goto-secure-mode') !== undefined;
        const { last } = await t.walk(phone, phone.initial('start-up'), { until });
        if (!until(last.message)) throw new CaseNotRun('the order did not come with the next start-up');
        check(
          valueOf(last.message, CERTIFICATE) !== undefined,
          CERTIFICATE,
          last.message.items.map(({ name }) => name).join(', '),
        );
      },
      'wantSecureMode',
    ),
    must(
      'secure/port',
      '3.6; 7.2; M p.64',
      'the port is a number',
      async (t) => {
        const port = valueOf((await asked(t)).first.message, 'dls-secure-port') ?? '';
        check(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536, 'a port', port);
      },
      'wantSecureMode',
    ),
    must(
      'secure/authorities',
      '7.2; 6.4; M p.64',
      'dls-server-ca is PEM',
      async (t) => {
        const value =
          (await asked(t)).first.message.items.find(({ name, index }) => name === 'dls-server-ca' && index === 0)
            ?.value ?? '';
        check(value.includes('-----BEGIN CERTIFICATE-----'), 'a certificate as PEM', value.slice(0, 60));
      },
      'wantSecureMode',
    ),
    should(
      'secure/pkcs12',
      '7.2; 11.4; 11.5',
      'the certificate is Base64 PKCS#12 with an empty passphrase',
      async (t) => {
        try {
          clientCertificate((await asked(t)).first.message);
        } catch (error) {
          if (error instanceof CaseNotRun) throw new CaseFailure('a PKCS#12', error.message);
          throw error;
        }
      },
      'wantSecureMode',
    ),
    must(
      'secure/busy',
      '4.6; 7.1; M p.62',
      'a busy phone gets the order later',
      async (t) => {
        const { phone } = await asked(t);
        const { message } = await t.say(phone, phone.reply('WriteItems', { status: 'busy' }));
        check(message.action === 'CleanUp', 'CleanUp', message.actionText);
        const until = (each: ServiceMessage): boolean => valueOf(each, 'goto-secure-mode') !== undefined;
        const { last } = await t.walk(phone, phone.initial('solicited'), { until });
        check(until(last.message), 'the order again', last.message.actionText);
      },
      'wantSecureMode',
    ),
    must(
      'secure/contact',
      '7.2; M p.64, 65',
      'with its certificate the phone is served at the secure port',
      async (t) => {
        const { secure } = await atSecurePort(t);
        await t.contact(secure);
      },
      'wantSecureMode',
      '--secure-url',
    ),
    must(
      'secure/server-certificate',
      '7.2; 7.4; M p.64',
      'the server at the secure port is one that the authorities vouch for',
      async (t) => {
        const { secure, message } = await atSecurePort(t);
        const ca = message.items
          .filter(({ name, value }) => name === 'dls-server-ca' && value !== '')
          .map(({ value }) => value);
        // The phone knows an address; which names a certificate has to have is not said.
        secure.tls = { ...secure.tls, ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
        await t.contact(secure);
      },
      'wantSecureMode',
      '--secure-url',
    ),
    must(
      'secure/refused-on-default',
      '7.2; M p.65',
      'after that the phone is refused at the default port',
      async (t) => {
        const { secure, phone } = await atSecurePort(t);
        await t.contact(secure);
        // Otherwise a server that knows the phone might have nothing to say to it anyway.
        await t.add(secure, 'wantReadAll', {});
        // That a phone is secure has to get about among the processes of a server.
        for (const deadline = performance.now() + t.settings.timeoutMs; ;) {
          try {
            phone.cookie = undefined;
            await isRefused(phone, 'at the default port');
            return;
          } catch (error) {
            if (performance.now() > deadline) throw error;
          }
        }
      },
      'wantSecureMode',
      'wantReadAll',
      '--secure-url',
    ),
    must(
      'secure/work',
      '7.2; M p.65',
      'work is done at the secure port',
      async (t) => {
        const { secure } = await atSecurePort(t);
        await t.contact(secure);
        await t.add(secure, 'wantWrite', { items: [{ name: 'sntp-addr', value: '198.51.100.127' }] });
        await t.walkOn(secure, await t.workArrives(secure, 'WriteItems'));
      },
      'wantSecureMode',
      'wantWrite',
      '--secure-url',
    ),
    must(
      'secure/no-certificate',
      '7.1; 7.2; M p.65',
      'without certificate nothing is served at the secure port',
      async (t) => {
        await isRefused(t.phone({}, t.settings.addresses['--secure-url']), 'without certificate');
      },
      '--secure-url',
    ),
    must(
      'secure/other-phone',
      '7.4',
      'the certificate of one phone does not serve another',
      async (t) => {
        const { secure } = await atSecurePort(t);
        const thief = t.phone({}, t.settings.addresses['--secure-url']);
        thief.tls = secure.tls;
        await isRefused(thief, 'with the certificate of another phone');
      },
      'wantSecureMode',
      '--secure-url',
    ),
    must(
      'secure/goto-only-once',
      '7.1; M p.62',
      'a phone that is in Secure Mode is not told to go there',
      async (t) => {
        const { secure } = await atSecurePort(t);
        const { answers } = await t.contact(secure);
        const again = answers.find(({ message }) => valueOf(message, 'goto-secure-mode') !== undefined);
        check(again === undefined, 'no goto-secure-mode', 'one');
      },
      'wantSecureMode',
      '--secure-url',
    ),
  ],
};
