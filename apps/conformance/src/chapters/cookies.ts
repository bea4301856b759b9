import { CaseNotRun, check, must, should, type Chapter } from '../conformance-case.js';
import { understand, type Understood } from '../phone/converse.js';
import { cookieWithAttributes, type Cookie, type CookieForm } from '../phone/cookie-jar.js';
import type { Phone } from '../phone/phone.js';
import type { CaseRun } from '../run/case-run.js';
import { headerValues } from '../wire/read-response.js';

/** A first message that the server answers with something to do; there is a cookie from then on. */
async function opened(t: CaseRun, phone: Phone): Promise<{ readonly first: Understood; readonly cookie: Cookie }> {
  const first = await t.say(phone, phone.initial('start-up'));
  if (isOver(first)) throw new CaseNotRun('the server ends the contact of a new phone with its first answer');
  const { cookie } = phone;
  check(cookie !== undefined, 'Set-Cookie in the first answer', 'no cookie');
  return { first, cookie };
}

function isOver({ message }: Understood): boolean {
  return ['CleanUp', 'Restart', 'SoftwareDeployment'].includes(message.action);
}

/** The contact goes on when the cookie comes back in this form. */
function goesOnWith(form: CookieForm): (t: CaseRun) => Promise<void> {
  return async (t) => {
    const phone = t.phone();
    const { first } = await opened(t, phone);
    phone.cookieForm = form;
    await t.recognised(phone, first);
  };
}

/** The reply of a phone whose cookie is not what the server gave it. */
async function replyWith(phone: Phone, first: Understood, cookie: string | null): Promise<Understood> {
  const items = phone.store.all();
  return understand(await phone.exchange(phone.reply(first.message.actionText, { items }), { cookie }));
}

/** The answer is the end of a contact that the server does not know. */
function isSentAway({ message }: Understood): void {
  check(message.action === 'CleanUp', 'CleanUp', message.actionText);
}

const withOther =
  (order: 'before' | 'after', separator = '; '): CookieForm =>
  ({ name, value }) =>
    (order === 'before' ? ['other=1', `${name}=${value}`] : [`${name}=${value}`, 'other=1']).join(separator);

/** A start-up that brings along a cookie is answered like any start-up, in a contact of its own. */
function startsAnewWith(cookie: string): (t: CaseRun) => Promise<void> {
  return async (t) => {
    const expected = await t.firstAction();
    const phone = t.phone();
    const first = await t.say(phone, phone.initial('start-up'), { cookie });
    check(first.message.actionText === expected, expected, first.message.actionText);
    await t.walkOn(phone, first);
  };
}

export const COOKIES: Chapter = {
  name: 'cookies',
  title: 'Sessions and cookies',
  cases: [
    must(
      'cookies/set-in-first-answer',
      '1.3; M p.13, 28, 34',
      'the first answer of a contact sets a cookie',
      async (t) => {
        await opened(t, t.phone());
      },
    ),
    should('cookies/only-one', '1.3', 'exactly one cookie is set', async (t) => {
      const { first } = await opened(t, t.phone());
      const headers = headerValues(first.wire, 'set-cookie');
      check(headers.length === 1, 'one Set-Cookie', `${headers.length}`);
    }),
    should('cookies/plain-value', '1.3', "the value is free of ';', '=', quotes and blanks", async (t) => {
      const { cookie } = await opened(t, t.phone());
      check(/^[^\s;=,"]+$/.test(cookie.value), 'a plain value', 'a value with such a character');
    }),
    must('cookies/path-covers-service', '1.3', 'the path of the cookie covers the path that phones use', async (t) => {
      const { cookie } = await opened(t, t.phone());
      const path = /(?:^|;)\s*path=([^;]*)/i.exec(cookie.attributes)?.[1]?.trim() ?? '/';
      check(t.settings.target.path.startsWith(path), `a path of ${t.settings.target.path}`, path);
    }),
    should('cookies/secure', '1.3', 'the cookie is for TLS only', async (t) => {
      const { cookie } = await opened(t, t.phone());
      check(/(?:^|;)\s*secure\s*(?:;|$)/i.test(cookie.attributes), 'Secure', cookie.attributes);
    }),
    must(
      'cookies/plain',
      '1.3; M p.34',
      'the contact goes on with name=value',
      goesOnWith(({ name, value }) => `${name}=${value}`),
    ),
    must(
      'cookies/attributes-echoed',
      '1.3; 10.4',
      'the whole Set-Cookie value comes back',
      goesOnWith(cookieWithAttributes),
    ),
    must(
      'cookies/path-echoed',
      '1.3; 10.4',
      'the cookie comes back with ; path=/',
      goesOnWith(({ name, value }) => `${name}=${value}; path=/`),
    ),
    should(
      'cookies/no-blank-after-semicolon',
      '1.3',
      'attributes may follow without a blank',
      goesOnWith(({ name, value }) => `${name}=${value};Path=/;Secure`),
    ),
    should(
      'cookies/quoted',
      '1.3',
      'the value may come back in quotes',
      goesOnWith(({ name, value }) => `${name}="${value}"`),
    ),
    should('cookies/another-before', '1.3', 'another cookie may stand before it', goesOnWith(withOther('before'))),
    should('cookies/another-after', '1.3', 'another cookie may stand after it', goesOnWith(withOther('after'))),
    should(
      'cookies/trailing-semicolon',
      '1.3',
      'a semicolon may end the header',
      goesOnWith(({ name, value }) => `${name}=${value};`),
    ),
    must(
      'cookies/old-cookie-initial-reason',
      '1.3; 10.5',
      'a first message with the cookie of an ended contact begins a new one',
      async (t) => {
        const phone = t.phone();
        await t.contact(phone);
        await t.contact(phone, 'solicited');
      },
    ),
    must(
      'cookies/open-contact-initial-reason',
      '1.3; 10.5',
      'a first message in the middle of a contact begins a new one',
      async (t) => {
        const phone = t.phone();
        await opened(t, phone);
        await t.contact(phone);
      },
    ),
    must(
      'cookies/of-another-phone',
      '1.3; 10.5',
      'a first message with the cookie of another phone begins a contact of its own',
      async (t) => {
        const [one, other] = [t.phone(), t.phone()];
        const begun = await opened(t, one);
        other.cookie = begun.cookie;
        await t.contact(other);
        await t.recognised(one, begun.first);
      },
    ),
    should('cookies/new-for-each-contact', '1.3', 'every contact has a cookie of its own', async (t) => {
      const phone = t.phone();
      const { cookie } = await opened(t, phone);
      const second = await opened(t, phone);
      check(second.cookie.value !== cookie.value, 'another cookie', 'the same cookie');
    }),
    must(
      'cookies/invented-initial-reason',
      '1.3',
      'a first message with a cookie that nobody gave is taken',
      startsAnewWith('JSESSIONID=4B1F0C77A2D94E36B05512EE90C3D8A1'),
    ),
    should('cookies/empty-initial-reason', '1.3', 'a first message with an empty cookie is taken', startsAnewWith('')),
    should(
      'cookies/odd-initial-reason',
      '1.3',
      'a first message with an unreadable cookie is taken',
      startsAnewWith(';;=;"'),
    ),
    should(
      'cookies/long-initial-reason',
      '1.3',
      'a first message with a cookie of 4 kB is taken',
      startsAnewWith(`x=${'y'.repeat(4_096)}`),
    ),
    should('cookies/none-on-reply', '1.2.6; 1.3; 10.6', 'a reply without cookie and MAC is sent away', async (t) => {
      const phone = t.phone();
      const { first } = await opened(t, phone);
      const answer = understand(
        await phone.exchange(phone.reply(first.message.actionText, { items: [{ name: 'reg-port', value: '5060' }] }), {
          cookie: null,
        }),
      );
      isSentAway(answer);
    }),
    should('cookies/tampered-on-reply', '1.2.6; 1.3', 'a reply with a changed cookie is sent away', async (t) => {
      const phone = t.phone();
      const { first, cookie } = await opened(t, phone);
      const middle = Math.floor(cookie.value.length / 2);
      const letter = cookie.value[middle] === 'A' ? 'B' : 'A';
      const changed = cookie.value.slice(0, middle) + letter + cookie.value.slice(middle + 1);
      isSentAway(await replyWith(phone, first, `${cookie.name}=${changed}`));
    }),
    should('cookies/invented-on-reply', '1.2.6; 1.3', 'a reply with an invented cookie is sent away', async (t) => {
      const phone = t.phone();
      const { first, cookie } = await opened(t, phone);
      isSentAway(await replyWith(phone, first, `${cookie.name}=4B1F0C77A2D94E36B05512EE90C3D8A1`));
    }),
    should(
      'cookies/ended-contact-on-reply',
      '1.3; M p.41',
      'the cookie of an ended contact is worth nothing for a reply',
      async (t) => {
        const phone = t.phone();
        const { first } = await opened(t, phone);
        await t.walkOn(phone, first);
        isSentAway(await replyWith(phone, first, phone.cookieHeader() ?? null));
      },
    ),
    should(
      'cookies/of-another-phone-on-reply',
      '1.3',
      "a reply that names another phone's MAC than the session's is sent away",
      async (t) => {
        const [one, other] = [t.phone(), t.phone()];
        const { first, cookie } = await opened(t, one);
        isSentAway(await replyWith(other, first, `${cookie.name}=${cookie.value}`));
      },
    ),
    must('cookies/reply-without-mac', '1.3; M p.48, 60', 'a reply needs no MAC', async (t) => {
      const phone = t.phone();
      await t.readAllAsked(phone);
      const items = phone.store.all().filter(({ name }) => name !== 'mac-addr');
      const next = await t.say(phone, phone.reply('ReadAllItems', { items, fragment: 'next' }));
      check(next.message.action === 'GetNextFragment', 'GetNextFragment', next.message.actionText);
      await t.walkOn(phone, await t.say(phone, phone.reply('ReadAllItems', { items: [] })));
    }),
  ],
};
