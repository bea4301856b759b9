import type { ScriptedService, ScriptStep } from './testing/index.js';
import { answer, startScriptedService } from './testing/index.js';
import type { FaultKind, VirtualPhoneOptions } from './index.js';
import { FAULT_KINDS, personalityOf, VirtualPhone } from './index.js';

describe('a phone that misbehaves', () => {
  let service: ScriptedService;
  const phones: VirtualPhone[] = [];

  function aPhone(options: Partial<VirtualPhoneOptions> = {}): VirtualPhone {
    const limits = { retryDelayMs: { min: 0, max: 0 }, maxRetries: 2 };
    const phone = new VirtualPhone({ url: service.url, macAddress: '00:1A:E8:00:53:01', limits, ...options });
    phones.push(phone);
    return phone;
  }

  const withCookie =
    (cookie: string, action: 'ReadItems' | 'CleanUp' = 'ReadItems'): ScriptStep =>
    ({ message }, response) =>
      answer(
        response,
        { kind: 'dls', nonce: message.nonce, action, items: action === 'CleanUp' ? [] : [{ name: 'e164', value: '' }] },
        { 'Set-Cookie': `S=${cookie}; Path=/` },
      );
  const reasons = (): string[] => service.received.map(({ message }) => message.reason);
  const raws = (): string[] => service.received.map(({ raw }) => raw);

  beforeAll(async () => {
    service = await startScriptedService();
  });
  afterEach(async () => {
    await Promise.all(phones.splice(0).map((phone) => phone.close()));
    service.received.length = 0;
  });
  afterAll(async () => {
    await service.close();
  });

  it.each<[FaultKind, number, number]>([
    ['lost-reply', 2, 1],
    ['duplicate-concurrent', 2, 0],
    ['duplicate-sequential', 2, 0],
    ['drip', 1, 0],
    ['half-open', 1, 1],
    ['truncated-body', 1, 1],
  ])('%s: the service gets the message %i times, after %i retries', async (kind, times, retries) => {
    const phone = aPhone({ faults: [{ kind, durationMs: 30 }] });
    const [contact] = await phone.boot();
    expect(contact).toMatchObject({ end: 'CleanUp', retries });
    expect(contact?.failure).toBeUndefined();
    expect(service.received).toHaveLength(times);
    expect(new Set(raws()).size).toBe(1);
    expect(phone.faultCount).toBeGreaterThan(0);
  });

  it('sends an old message once more before the next one', async () => {
    service.script(withCookie('1'), withCookie('1', 'CleanUp'));
    await aPhone({ faults: [{ kind: 'stale-repeat', at: 'replies' }] }).boot();
    expect(reasons()).toEqual(['start-up', 'start-up', 'reply-to']);
    expect(raws()[1]).toBe(raws()[0]);
  });

  it.each<[FaultKind, string | undefined]>([
    ['old-cookie', 'S=1'],
    ['wrong-cookie', 'JSESSIONID=00000000000000000000000000000000'],
    ['no-cookie', undefined],
    ['cookie-with-attributes', 'S=2; Path=/'],
  ])('has a bad cookie: %s', async (kind, cookie) => {
    service.script(withCookie('1'), withCookie('1', 'CleanUp'), withCookie('2'), withCookie('2', 'CleanUp'));
    const phone = aPhone();
    await phone.boot();
    phone.misbehave({ kind, at: 2 });
    await phone.boot();
    expect(service.received.at(-1)?.headers.cookie).toBe(cookie);
  });

  it('takes an earlier nonce, or one that needs escaping, and still expects it back', async () => {
    const phone = aPhone({ faults: [{ kind: 'odd-nonce' }] });
    expect((await phone.boot())[0]?.failure).toBeUndefined();
    expect(service.received[0]?.message.nonce).toMatch(/^"<&'>[0-9A-F]{32}$/);
    phone.misbehave();
    await phone.boot();
    phone.misbehave({ kind: 'repeated-nonce' });
    await phone.boot();
    expect(service.received[2]?.message.nonce).toBe(service.received[1]?.message.nonce);
  });

  it('behaves again as soon as it is told', async () => {
    const phone = aPhone();
    for (const kind of FAULT_KINDS) {
      phone.misbehave({ kind, durationMs: 10 });
      await phone.boot();
      phone.misbehave();
      service.received.length = 0;
      expect(await phone.boot()).toEqual([expect.objectContaining({ retries: 0, end: 'CleanUp', violations: [] })]);
      expect(service.received).toHaveLength(1);
    }
  });

  it('sends fragments in the wrong order', async () => {
    service.script({ action: 'ReadAllItems' }, { action: 'GetNextFragment' }, { action: 'GetNextFragment' });
    const phone = aPhone({ fragmentOrder: 'reversed', fragmentBytes: 20_000 });
    const expected = phone.items().map(({ name }) => name);
    await phone.boot();
    const parts = service.received.slice(1).map(({ message }) => message.items.map(({ name }) => name));
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.flat()).not.toEqual(expected);
    expect(parts.reverse().flat()).toEqual(expected);
  });

  it.each([
    ['openstage-40-v1', 'a &lt;b&gt; &amp; "c"'],
    ['cp210', 'a <b> & "c"'],
  ])('takes entities for text with old firmware: %s', async (name, stored) => {
    service.script({ action: 'WriteItems', items: [{ name: 'note-of-mine', value: 'a <b> & "c"' }] });
    // TLS of today, because it is not what this is about.
    const connection = { minTlsVersion: 'TLSv1.2', maxTlsVersion: 'TLSv1.3', ciphers: 'DEFAULT' } as const;
    const items = [{ name: 'note-of-mine', value: '' }];
    const phone = aPhone({ personality: personalityOf(name), connection, items });
    await phone.boot();
    expect(phone.value('note-of-mine')).toBe(stored);
  });
});
