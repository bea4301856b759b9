import type { ScriptedService } from './testing/index.js';
import { answer, comeBack, overload, startScriptedService, valueOf } from './testing/index.js';
import type { VirtualPhoneOptions } from './index.js';
import { LEGACY_TLS, personalityOf, VirtualPhone } from './index.js';

const MAC = '00:1A:E8:00:53:01';
/** No real waiting: sleeping takes no time but is remembered. */
function timelessClock(): { slept: number[] } & NonNullable<VirtualPhoneOptions['clock']> {
  const slept: number[] = [];
  return {
    slept,
    now: () => Date.parse('2024-09-17T08:41:07Z'),
    monotonicMs: () => performance.now(),
    sleep: async (ms) => void slept.push(ms),
  };
}

describe('VirtualPhone', () => {
  let service: ScriptedService;
  const phones: VirtualPhone[] = [];
  const clock = timelessClock();

  function aPhone(options: Partial<VirtualPhoneOptions> = {}): VirtualPhone {
    const phone = new VirtualPhone({
      url: service.url,
      macAddress: MAC,
      e164: '4989100231',
      seed: 7,
      nonceSeed: 7,
      clock,
      contactGapMs: 0,
      ...options,
    });
    phones.push(phone);
    return phone;
  }

  beforeAll(async () => {
    service = await startScriptedService();
  });
  afterEach(async () => {
    await Promise.all(phones.splice(0).map((phone) => phone.close()));
    service.received.length = 0;
    clock.slept.length = 0;
  });
  afterAll(async () => {
    await service.close();
  });

  it('boots: start-up, one answer, done', async () => {
    const [contact, ...more] = await aPhone().boot();
    expect(more).toEqual([]);
    expect(contact).toMatchObject({
      macAddress: MAC,
      reason: 'start-up',
      end: 'CleanUp',
      actions: ['CleanUp'],
      exchanges: 1,
      violations: [],
    });
    expect(contact?.failure).toBeUndefined();
    const [request] = service.received;
    expect(request?.message.reason).toBe('start-up');
    expect(valueOf(request!.message.items, 'mac-addr')).toBe(MAC);
    expect(valueOf(request!.message.items, 'e164')).toBe('4989100231');
    expect(request?.headers).toMatchObject({ 'content-type': 'text/xml', connection: 'close' });
    expect(request?.headers.cookie).toBeUndefined();
  });

  it('plays reading and writing, a new connection and a new nonce for every message, and returns the cookie', async () => {
    const setCookie = { 'Set-Cookie': 'JSESSIONID=4B1F; Path=/DeploymentService; Secure' };
    service.script(
      ({ message }, response) =>
        answer(response, { kind: 'dls', nonce: message.nonce, action: 'ReadAllItems' }, setCookie),
      {
        action: 'WriteItems',
        items: [
          { name: 'sip-pwd', value: 's3cret' },
          { name: 'device-type', value: 'X' },
        ],
      },
    );
    const phone = aPhone();
    expect(phone.isConfigurationChanged).toBe(true);
    const [contact] = await phone.boot();
    expect(contact).toMatchObject({
      actions: ['ReadAllItems', 'WriteItems', 'CleanUp'],
      exchanges: 3,
      itemsWritten: 1,
      itemsRefused: 1,
    });
    expect(phone.value('sip-pwd')).toBe('s3cret');
    expect(phone.isConfigurationChanged).toBe(false);
    const [start, all, written] = service.received;
    expect(all?.message).toMatchObject({
      reason: 'reply-to',
      action: 'ReadAllItems',
      status: 'accepted',
      fragment: 'final',
    });
    expect(all!.message.items.length).toBeGreaterThan(250);
    expect(written?.message.items).toEqual([{ name: 'device-type', value: '', status: 'read only' }]);
    expect([start, all, written].map((request) => request?.headers.cookie)).toEqual([
      undefined,
      'JSESSIONID=4B1F',
      'JSESSIONID=4B1F',
    ]);
    expect(new Set(service.received.map(({ connection }) => connection)).size).toBe(3);
    expect(new Set(service.received.map(({ message }) => message.nonce)).size).toBe(3);
  });

  it('keeps its connection when told so', async () => {
    service.script({ action: 'ReadItems', items: [{ name: 'e164', value: '' }] });
    await aPhone({ connection: { keepAlive: true } }).boot();
    expect(new Set(service.received.map(({ connection }) => connection)).size).toBe(1);
  });

  it.each([
    [{ style: 'with-attributes' as const }, 'JSESSIONID=1; Path=/; Secure', 'JSESSIONID=2; Path=/; Secure', undefined],
    [{ style: 'none' as const }, undefined, undefined, undefined],
    [{ sendsOldCookie: true }, 'JSESSIONID=1', 'JSESSIONID=2', 'JSESSIONID=2'],
    [{ keepsFirstCookie: true }, 'JSESSIONID=1', 'JSESSIONID=1', undefined],
  ])('has cookie habits %j', async (cookies, second, third, nextContact) => {
    const readWithCookie = (id: number) => ({
      step: ((request, response) => {
        const items = [{ name: 'e164', value: '' }];
        answer(
          response,
          { kind: 'dls', nonce: request.message.nonce, action: 'ReadItems', items },
          { 'Set-Cookie': `JSESSIONID=${id}; Path=/; Secure` },
        );
      }) satisfies Parameters<ScriptedService['script']>[0],
    });
    service.script(readWithCookie(1).step, readWithCookie(2).step);
    const phone = aPhone({ cookies });
    await phone.boot();
    await phone.boot();
    expect(service.received.map(({ headers }) => headers.cookie)).toEqual([undefined, second, third, nextContact]);
  });

  it('repeats the same message after an overload, having waited', async () => {
    service.script(overload(), overload());
    const [contact] = await aPhone().boot();
    expect(contact).toMatchObject({ overloads: 2, actions: ['CleanUp'], end: 'CleanUp' });
    expect(new Set(service.received.map(({ raw }) => raw)).size).toBe(1);
    expect(service.received).toHaveLength(3);
    expect(clock.slept).toHaveLength(2);
    for (const ms of clock.slept) {
      expect(ms).toBeGreaterThanOrEqual(2000);
      expect(ms).toBeLessThan(4000);
    }
  });

  it('repeats a reply after an overload with the cookie it had', async () => {
    service.script(
      ({ message }, response) =>
        answer(response, { kind: 'dls', nonce: message.nonce, action: 'ReadAllItems' }, { 'Set-Cookie': 'S=1' }),
      overload(),
    );
    const [contact] = await aPhone().boot();
    const [, first, second] = service.received;
    expect(second?.raw).toBe(first?.raw);
    expect(second?.headers.cookie).toBe('S=1');
    expect(contact?.actions).toEqual(['ReadAllItems', 'CleanUp']);
  });

  it('sends the same message again on a new connection when the service breaks off', async () => {
    service.script(
      (_request, response) => void response.destroy(),
      ({ message }, response) => {
        const body = `<DLSMessage><Message nonce="${message.nonce}">`;
        response.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Length': 5000 });
        response.write(body);
        setImmediate(() => response.destroy());
      },
    );
    const [contact] = await aPhone().boot();
    expect(contact).toMatchObject({ retries: 2, exchanges: 1, end: 'CleanUp' });
    expect(new Set(service.received.map(({ raw }) => raw)).size).toBe(1);
    expect(new Set(service.received.map(({ connection }) => connection)).size).toBe(3);
  });

  it('gives up after a bounded number of attempts', async () => {
    const gone = await startScriptedService();
    await gone.close();
    const phone = aPhone({ url: gone.url, limits: { maxRetries: 3 } });
    const [contact] = await phone.boot();
    expect(contact).toMatchObject({ end: 'no-answer', retries: 3, failure: { kind: 'connection' } });
  });

  it('gives up on a service that does not answer in time', async () => {
    service.script(() => undefined);
    const [contact] = await aPhone({ connection: { timeoutMs: 50 }, limits: { maxRetries: 0 } }).boot();
    expect(contact?.failure).toMatchObject({ kind: 'timeout' });
  });

  it('gives up on endless overload', async () => {
    service.script(...Array.from({ length: 5 }, overload));
    const [contact] = await aPhone({ limits: { maxOverloads: 4 } }).boot();
    expect(contact).toMatchObject({ failure: { kind: 'too-many-overloads' }, overloads: 5 });
  });

  describe('holds answers against the protocol', () => {
    const body = (nonce: string) =>
      `<DLSMessage><Message nonce="${nonce}"><Action>CleanUp</Action></Message></DLSMessage>`;

    it('notes chunked answers', async () => {
      service.script(({ message }, response) => {
        response.writeHead(200, { 'Content-Type': 'text/xml' });
        response.write(body(message.nonce));
        response.end();
      });
      const [contact] = await aPhone().boot();
      expect(contact?.violations.map(({ kind }) => kind)).toEqual(['chunked']);
      expect(contact?.failure).toBeUndefined();
    });

    it('notes a wrong content type and a message that is too long', async () => {
      service.script(({ message }, response) => {
        const text = body(message.nonce) + ' '.repeat(50_000);
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': text.length });
        response.end(text);
      });
      const [contact] = await aPhone().boot();
      expect(contact?.violations.map(({ kind }) => kind)).toEqual(['content-type', 'oversized']);
    });

    it('notes more items than it takes', async () => {
      const items = ['reg-addr', 'sntp-addr', 'hostname'].map((name) => ({ name, value: 'a' }));
      service.script({ action: 'WriteItems', items });
      const [contact] = await aPhone({ personality: { ...personalityOf('cp210'), maxItems: 2 } }).boot();
      expect(contact?.violations.map(({ kind }) => kind)).toEqual(['too-many-items']);
    });

    it.each([
      ['undecodable', () => 'PNG?'],
      ['nonce-mismatch', () => body('OTHER')],
      ['unknown-action', (nonce: string) => body(nonce).replace('CleanUp', 'SelfDestruct')],
      ['not-a-dls-message', (nonce: string) => `<Other><Message nonce="${nonce}"/></Other>`],
    ])('ends the interaction by clean-up: %s', async (kind, text) => {
      service.script(({ message }, response) => {
        const answerText = text(message.nonce);
        response.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Length': answerText.length });
        response.end(answerText);
      });
      const [contact] = await aPhone().boot();
      expect(contact).toMatchObject({ end: 'clean-up', failure: { kind } });
      expect(service.received.map(({ message }) => message.reason)).toEqual(['start-up', 'clean-up']);
    });

    it('ends without a word on another HTTP status', async () => {
      service.script((_request, response) => void response.writeHead(503).end());
      const [contact] = await aPhone().boot();
      expect(contact).toMatchObject({ end: 'no-answer', failure: { kind: 'http-status' } });
      expect(service.received).toHaveLength(1);
    });
  });

  it('answers 1,200 items in fragments of at most 50,000 bytes', async () => {
    service.script(
      { action: 'ReadAllItems' },
      ...Array.from({ length: 9 }, () => ({ action: 'GetNextFragment' as const })),
    );
    const phone = aPhone({ itemCount: 1200 });
    const before = phone.items();
    // The script asks for more fragments than there are; the phone then says failed.
    await phone.boot();
    const replies = service.received.filter(({ message }) => message.action === 'ReadAllItems');
    expect(replies.length).toBeGreaterThan(1);
    expect(replies.map(({ message }) => message.fragment)).toEqual([...replies.slice(1).map(() => 'next'), 'final']);
    for (const { raw } of replies) expect(Buffer.byteLength(raw)).toBeLessThanOrEqual(50_000);
    const items = replies.flatMap(({ message }) => message.items);
    expect(items).toEqual(before);
    expect(items.length).toBeGreaterThanOrEqual(1200);
    expect(service.received.at(-1)?.message).toMatchObject({ action: 'GetNextFragment', status: 'failed' });
  });

  it('is busy in a call, and comes back by itself after it', async () => {
    service.script({ action: 'WriteItems', items: [{ name: 'reg-addr', value: 'sip.example.net' }] }, comeBack());
    const phone = aPhone();
    phone.startCall();
    const [contact, ...more] = await phone.boot();
    expect(contact).toMatchObject({ actions: ['WriteItems', 'CleanUp'], itemsWritten: 0 });
    expect(more).toEqual([]);
    expect(service.received[1]?.message).toMatchObject({ action: 'WriteItems', status: 'busy', items: [] });
    const [solicited] = await phone.endCall();
    expect(solicited).toMatchObject({ reason: 'solicited', end: 'CleanUp' });
    expect(await phone.endCall()).toEqual([]);
  });

  it('comes back at once when it is idle', async () => {
    service.script(comeBack());
    const contacts = await aPhone().boot();
    expect(contacts.map(({ reason }) => reason)).toEqual(['start-up', 'solicited']);
  });

  it('boots again after a restart, and stops a service that restarts it for ever', async () => {
    service.script({ action: 'Restart' });
    const contacts = await aPhone({ restartMs: 30_000 }).boot();
    expect(contacts.map(({ reason, end }) => `${reason} ${end}`)).toEqual(['start-up Restart', 'start-up CleanUp']);
    expect(clock.slept).toEqual([30_000]);
    service.script(...Array.from({ length: 3 }, () => ({ action: 'Restart' as const })));
    const endless = await aPhone({ limits: { maxContactsInRow: 3 } }).boot();
    expect(endless.at(-1)?.failure?.kind).toBe('too-many-contacts');
  });

  it('loads a file and reports it', async () => {
    const url = 'https://198.51.100.10:18443/file/logo.png';
    service.script({
      action: 'FileDeployment',
      items: [
        { name: 'file-type', value: 'LOGO' },
        { name: 'file-https-base-url', value: url },
      ],
    });
    const jobs: unknown[] = [];
    await aPhone({ download: async (job) => jobs.push(job) > 0 }).boot();
    expect(jobs).toEqual([expect.objectContaining({ url, type: 'LOGO', name: 'logo.png' })]);
    const [, status] = service.received;
    expect(status?.message.reason).toBe('status');
    expect(valueOf(status!.message.items, 'file-deployment-status')).toBe('ok');
    expect(valueOf(status!.message.items, 'file-deployment-date')).toBe('17:09:2024');
    expect(valueOf(status!.message.items, 'mac-addr')).toBe(MAC);
  });

  it('boots with the new software', async () => {
    service.script({
      action: 'SoftwareDeployment',
      items: [
        { name: 'file-https-base-url', value: 'https://198.51.100.10/os60.img' },
        { name: 'file-type', value: 'APP' },
        { name: 'file-sw-version', value: '3.5.12.0' },
      ],
    });
    const phone = aPhone({ download: async () => true });
    const contacts = await phone.boot();
    expect(contacts.map(({ end }) => end)).toEqual(['SoftwareDeployment', 'CleanUp']);
    expect(phone.softwareVersion).toBe('V3 R5.12.0');
    expect(valueOf(service.received[1]!.message.items, 'software-version')).toBe('V3 R5.12.0');
  });

  it('is woken by ContactMe, by POST and by GET', async () => {
    const phone = aPhone();
    const listener = await phone.listenForContactMe();
    const post = await fetch(listener.url, { method: 'POST', body: 'ContactMe=true' });
    expect(post.status).toBe(204);
    await phone.settled();
    await phone.boot();
    expect(valueOf(service.received[0]!.message.items, 'contact-me-uri')).toBe(listener.url);
    expect((await fetch(`${listener.url}?ContactMe=true`)).status).toBe(204);
    await phone.settled();
    expect((await fetch(new URL('/other', listener.url))).status).toBe(404);
    await listener.close();
    expect(service.received.map(({ message }) => message.reason)).toEqual(['start-up', 'solicited']);
  });

  it('tells an observer about everything', async () => {
    service.script(overload());
    const exchanges: unknown[] = [];
    const contacts: unknown[] = [];
    const observer = {
      onExchange: (each: unknown) => exchanges.push(each),
      onContact: (each: unknown) => contacts.push(each),
    };
    await aPhone({ observer }).boot();
    expect(exchanges).toEqual([
      expect.objectContaining({ reason: 'start-up', action: 'CleanUp', isOverload: true }),
      expect.objectContaining({ reason: 'start-up', action: 'CleanUp', isOverload: false }),
    ]);
    expect(contacts).toEqual([expect.objectContaining({ reason: 'start-up', overloads: 1 })]);
  });

  it('fails what is going on when the plug is pulled', async () => {
    service.script(() => undefined);
    const phone = aPhone();
    const boot = phone.boot();
    await phone.close();
    expect((await boot)[0]?.failure?.kind).toBe('aborted');
  });

  it('speaks to a legacy listener in TLS 1.0', async () => {
    const legacy = await startScriptedService({
      tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'AES128-SHA:@SECLEVEL=0' },
    });
    const [contact] = await aPhone({
      url: legacy.url,
      connection: LEGACY_TLS,
      personality: personalityOf('openstage-40-v1'),
    }).boot();
    expect(contact?.failure).toBeUndefined();
    expect(legacy.received[0]?.tlsProtocol).toBe('TLSv1');
    await legacy.close();
  });
});
