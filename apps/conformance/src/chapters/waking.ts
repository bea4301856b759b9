import { setTimeout as delay } from 'node:timers/promises';
import { check, must, should, type Chapter } from '../conformance-case.js';
import { ContactListener, type ContactRequest } from '../phone/contact-listener.js';
import type { Phone } from '../phone/phone.js';
import type { CaseRun } from '../run/case-run.js';

interface Woken {
  readonly phone: Phone;
  readonly listener: ContactListener;
}

/** A phone that can be woken, and that the server is to wake now. */
async function awaited(t: CaseRun, path?: string): Promise<Woken> {
  const listener = await ContactListener.open(t.settings.listenHost);
  t.defer(() => listener.close());
  const phone = t.phone({ contactMeUri: listener.url(path) });
  await t.give(phone, 'contactNow', {});
  return { phone, listener };
}

async function woken(t: CaseRun): Promise<Woken & { readonly request: ContactRequest }> {
  const it = await awaited(t);
  const request = await it.listener.next(t.settings.timeoutMs);
  check(request !== undefined, 'a ContactMe', `nothing in ${t.settings.timeoutMs / 1_000} s`);
  return { ...it, request };
}

export const WAKING: Chapter = {
  name: 'waking',
  title: 'Waking phones (ContactMe)',
  cases: [
    must(
      'waking/arrives',
      '8.1; M p.14, 15',
      'the phone is asked at its contact-me-uri',
      async (t) => {
        const { request } = await woken(t);
        check(request.path === '/contact_dls.html/ContactDLS', '/contact_dls.html/ContactDLS', request.path);
      },
      'contactNow',
    ),
    must(
      'waking/form',
      '8.1; M p.14, 15',
      'POST of a form with ContactMe=true',
      async (t) => {
        const { request } = await woken(t);
        check(request.method === 'POST', 'POST', request.method);
        const type = request.contentType ?? 'none';
        check(/^application\/x-www-form-urlencoded/i.test(type), 'application/x-www-form-urlencoded', type);
        const value = new URLSearchParams(request.body).get('ContactMe');
        check(value === 'true', 'ContactMe=true', value ?? 'no ContactMe');
      },
      'contactNow',
    ),
    must(
      'waking/other-fields',
      '8.1; M p.14, 15',
      'only the fields that a phone knows',
      async (t) => {
        const { request } = await woken(t);
        const known = new Set(['ContactMe', 'dls_ip_addr', 'dls_ip_port']);
        const others = [...new URLSearchParams(request.body).keys()].filter((name) => !known.has(name));
        check(others.length === 0, 'ContactMe, dls_ip_addr, dls_ip_port', others.join(', '));
      },
      'contactNow',
    ),
    must(
      'waking/not-repeated',
      '8.1; 10.7',
      'a phone that answered 204 is not asked again at once',
      async (t) => {
        const { listener } = await woken(t);
        await delay(t.settings.observeMs);
        check(listener.count === 1, 'one request', `${listener.count} in ${t.settings.observeMs / 1_000} s`);
      },
      'contactNow',
    ),
    must(
      'waking/spaced',
      '8.1; 10.7',
      'a second wish within a minute is not a second request',
      async (t) => {
        const { phone, listener } = await woken(t);
        await t.add(phone, 'contactNow', {});
        await delay(t.settings.observeMs);
        check(listener.count === 1, 'one request within 60 s', `${listener.count}`);
      },
      'contactNow',
    ),
    must(
      'waking/spaced-after-silence',
      '8.1; 10.7',
      'a phone that did not answer is not asked again at once',
      async (t) => {
        const listener = await ContactListener.open(t.settings.listenHost, 'hangs up');
        t.defer(() => listener.close());
        const phone = t.phone({ contactMeUri: listener.url() });
        await t.give(phone, 'contactNow', {});
        check((await listener.next(t.settings.timeoutMs)) !== undefined, 'a ContactMe', 'none');
        await delay(t.settings.observeMs);
        check(listener.count === 1, 'one request', `${listener.count} in ${t.settings.observeMs / 1_000} s`);
      },
      'contactNow',
    ),
    must(
      'waking/served',
      '4.4; 8.1; M p.42',
      'a phone that comes after it was asked is served',
      async (t) => {
        const { phone } = await woken(t);
        await t.contact(phone, 'solicited');
      },
      'contactNow',
    ),
    should(
      'waking/other-path',
      '1.1; 8.1',
      'a contact-me-uri with another path than the protocol has is not followed',
      async (t) => {
        const { listener } = await awaited(t, '/admin.html?reboot=1');
        const request = await listener.next(t.settings.observeMs);
        check(
          request === undefined || request.path.startsWith('/contact_dls.html'),
          'no request to that path',
          request?.path ?? '',
        );
      },
      'contactNow',
    ),
  ],
};
