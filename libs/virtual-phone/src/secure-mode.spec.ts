import { jest } from '@jest/globals';
import type { Item } from '@opendls/dls-codec';
import type { ScriptedAnswer, ScriptedService, TestAuthority } from './testing/index.js';
import { createTestAuthority, startScriptedService, valueOf } from './testing/index.js';
import type { VirtualPhoneOptions } from './index.js';
import { readPkcs12, VirtualPhone } from './index.js';

const DEVICE_ID = '001ae8005301';

// Certificates take their time on a busy machine.
jest.setTimeout(30_000);

describe('secure mode', () => {
  let authority: TestAuthority;
  let service: ScriptedService;
  let secure: ScriptedService;
  let client: ReturnType<TestAuthority['issueClient']>;
  const phones: VirtualPhone[] = [];

  function aPhone(options: Partial<VirtualPhoneOptions> = {}): VirtualPhone {
    const phone = new VirtualPhone({
      url: service.url,
      macAddress: '00:1A:E8:00:53:01',
      contactGapMs: 0,
      limits: { maxRetries: 0 },
      ...options,
    });
    phones.push(phone);
    return phone;
  }

  /** PROTOCOL 7.2, step 2. */
  const bootstrap = (changes: Readonly<Record<string, string>> = {}): ScriptedAnswer => ({
    action: 'WriteItems',
    items: [
      { name: 'goto-secure-mode', value: changes['goto-secure-mode'] ?? 'nopin' },
      { name: 'dls-client-certificate', value: changes['dls-client-certificate'] ?? client.pkcs12 },
      { name: 'dls-server-ca', index: 0, value: changes['dls-server-ca'] ?? authority.certificate },
      { name: 'dls-server-ca', index: 1, value: '' },
      { name: 'dls-secure-port', value: changes['dls-secure-port'] ?? new URL(secure.url).port },
    ],
  });
  const refusals = (items: readonly Item[]): string[] => items.map(({ name, status }) => `${name} ${status}`);

  beforeAll(async () => {
    authority = createTestAuthority();
    client = authority.issueClient(DEVICE_ID);
    const tls = {
      ...authority.issueServer('127.0.0.1'),
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    };
    [service, secure] = [await startScriptedService(), await startScriptedService({ tls })];
  });
  afterEach(async () => {
    await Promise.all(phones.splice(0).map((phone) => phone.close()));
    service.received.length = 0;
    secure.received.length = 0;
  });
  afterAll(async () => {
    await service.close();
    await secure.close();
  });

  it('is entered after the CleanUp: a start-up on the secure port, with the certificate, and it stays there', async () => {
    const phone = aPhone();
    service.script(bootstrap());
    const contacts = await phone.boot();
    expect(refusals(service.received[1]!.message.items)).toEqual([]);
    expect(contacts.map(({ reason, actions, failure }) => [reason, actions, failure])).toEqual([
      ['start-up', ['WriteItems', 'CleanUp'], undefined],
      ['start-up', ['CleanUp'], undefined],
    ]);
    expect(refusals(service.received[1]!.message.items)).toEqual([]);
    expect(contacts[0]).toMatchObject({ itemsWritten: 5, itemsRefused: 0 });
    expect(service.received.map(({ message }) => message.reason)).toEqual(['start-up', 'reply-to']);
    expect(secure.received.map(({ message }) => message.reason)).toEqual(['start-up']);
    expect(secure.received[0]?.clientCertificate).toEqual({ commonName: DEVICE_ID, serialNumber: client.serialNumber });
    await phone.contactMe();
    secure.script({ action: 'ReadAllItems' });
    await phone.boot();
    expect(service.received).toHaveLength(2);
    expect(secure.received.map(({ message }) => message.reason)).toEqual([
      'start-up',
      'solicited',
      'start-up',
      'reply-to',
    ]);
    const all = secure.received.at(-1)!.message.items;
    expect(valueOf(all, 'dls-mode-secure')).toBe('1');
    for (const name of ['dls-client-certificate', 'dls-server-ca', 'goto-secure-mode']) {
      expect(all.some((item) => item.name === name)).toBe(false);
    }
  });

  it('uses a new certificate after it was renewed', async () => {
    const phone = aPhone();
    service.script(bootstrap());
    await phone.boot();
    const renewed = authority.issueClient(DEVICE_ID, { algorithm: 'aes256' });
    secure.script({ action: 'WriteItems', items: [{ name: 'dls-client-certificate', value: renewed.pkcs12 }] });
    await phone.contactMe();
    await phone.contactMe();
    expect(secure.received.map(({ clientCertificate }) => clientCertificate?.serialNumber)).toEqual([
      client.serialNumber,
      client.serialNumber,
      client.serialNumber,
      renewed.serialNumber,
    ]);
  });

  it('is left by a factory reset only', async () => {
    const phone = aPhone();
    service.script(bootstrap());
    await phone.boot();
    secure.script({ action: 'Restart' });
    await phone.contactMe();
    expect(phone.securePort).toBe(Number(new URL(secure.url).port));
    const items = [
      { name: 'restart-type', value: 'FactoryReset' },
      { name: 'restart-password', value: 'any' },
    ];
    secure.script({ action: 'Restart', items });
    service.received.length = 0;
    await phone.contactMe();
    expect(phone.securePort).toBeUndefined();
    expect(service.received.map(({ message }) => message.reason)).toEqual(['start-up']);
  });

  it('does not talk to a service whose certificate is of another authority', async () => {
    const phone = aPhone();
    service.script(bootstrap({ 'dls-server-ca': createTestAuthority('Other').certificate }));
    const contacts = await phone.boot();
    expect(contacts[1]).toMatchObject({ end: 'no-answer', failure: { kind: 'untrusted-server' }, retries: 0 });
    expect(secure.received).toEqual([]);
  });

  it('does not talk to a service of another name', async () => {
    const other = await startScriptedService({ tls: authority.issueServer('192.0.2.9') });
    try {
      const phone = aPhone();
      service.script(bootstrap({ 'dls-secure-port': new URL(other.url).port }));
      expect((await phone.boot())[1]).toMatchObject({ failure: { kind: 'untrusted-server' } });
    } finally {
      await other.close();
    }
  });

  it.each([
    ['goto-secure-mode', 'pin', ['goto-secure-mode not supported']],
    ['dls-client-certificate', 'bm90IFBLQ1M=', ['goto-secure-mode failed', 'dls-client-certificate invalid data']],
    ['dls-server-ca', 'no PEM', ['goto-secure-mode failed', 'dls-server-ca invalid data']],
  ])('is not entered with a wrong %s: %s', async (name, value, refused) => {
    const phone = aPhone();
    service.script(bootstrap({ [name]: value }));
    const contacts = await phone.boot();
    expect(refusals(service.received[1]!.message.items)).toEqual(refused);
    expect([contacts.length, phone.securePort]).toEqual([1, undefined]);
  });

  it('is entered with a passphrase the phone knows, not with another one', async () => {
    const guarded = authority.issueClient(DEVICE_ID, { passphrase: 'open sesame' });
    service.script(bootstrap({ 'dls-client-certificate': guarded.pkcs12 }));
    expect(await aPhone({ certificatePassphrase: 'open sesame' }).boot()).toHaveLength(2);
    expect(secure.received[0]?.clientCertificate?.serialNumber).toBe(guarded.serialNumber);
    service.script(bootstrap({ 'dls-client-certificate': guarded.pkcs12 }));
    expect(await aPhone().boot()).toHaveLength(1);
  });

  it('waits while the phone is in a call', async () => {
    const phone = aPhone();
    phone.startCall();
    service.script(bootstrap());
    await phone.boot();
    expect(service.received[1]?.message.status).toBe('busy');
    expect(phone.securePort).toBeUndefined();
  });

  it('tells of the certificate of the web interface, and never the certificate itself', async () => {
    const phone = aPhone();
    const names = ['wbm-server-certificate-info', 'wbm-server-certificate'];
    service.script(
      { action: 'WriteItems', items: [{ name: 'wbm-server-certificate', value: client.pkcs12 }] },
      { action: 'ReadItems', items: names.map((name) => ({ name, value: '' })) },
    );
    await phone.boot();
    const [info, certificate] = service.received[2]!.message.items;
    expect(info?.value).toContain(`CN=${DEVICE_ID}; issuer CN=Test authority; serial ${client.serialNumber}`);
    expect(certificate).toEqual({ name: 'wbm-server-certificate', value: '', status: 'failed' });
  });

  it('reads certificates for specs', () => {
    expect(readPkcs12(client.pkcs12, '')).toMatchObject({
      serialNumber: client.serialNumber,
      subject: `CN=${DEVICE_ID}`,
    });
    expect(readPkcs12(client.pkcs12, 'wrong')).toBeUndefined();
  });
});
