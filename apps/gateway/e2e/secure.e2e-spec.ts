import { jest } from '@jest/globals';
import { CertificateAuthority, type IssuedCertificate, type KeyAndCertificate } from '@opendls/crypto';
import type { DlsMessage } from '@opendls/dls-codec';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { direct, eventually, takeBack } from '../test/directives.js';
import { OrderDesk } from '../test/order-desk.js';
import { basicItems, exchange, message } from '../test/raw-phone.js';
import { startTestGateway, testCertificate, until, type TestGateway } from '../test/test-gateway.js';
import { talk } from '../test/tls-phone.js';

jest.setTimeout(60_000);

const MAC = '00:1A:E8:00:53:01';
const DEVICE = '001ae8005301';
const OTHER_MAC = '00:1A:E8:00:53:02';

let bus: InMemoryEventBus;
let desk: OrderDesk;
let gateways: [TestGateway, TestGateway];
let server: KeyAndCertificate;
let phone: IssuedCertificate;
let other: IssuedCertificate;
let stranger: IssuedCertificate;

beforeAll(async () => {
  const root = await CertificateAuthority.create({ commonName: 'OpenDLS CA', days: 2, keyBits: 2048 });
  const authority = await CertificateAuthority.open(root);
  const foreignRoot = await CertificateAuthority.create({ commonName: 'OpenDLS CA', days: 2, keyBits: 2048 });
  const foreign = await CertificateAuthority.open(foreignRoot);
  server = await authority.issueServerCertificate({ commonName: 'secure', altNames: ['127.0.0.1'], days: 1 });
  phone = await authority.issueClientCertificate({ commonName: DEVICE, days: 1 });
  other = await authority.issueClientCertificate({ commonName: '001ae8005302', days: 1 });
  stranger = await foreign.issueClientCertificate({ commonName: DEVICE, days: 1 });
  const securePhones = { host: '127.0.0.1', port: 0, tls: server, clientCa: authority.certificate };
  const legacyPhones = { host: '127.0.0.1', port: 0, tls: await testCertificate() };
  bus = new InMemoryEventBus();
  desk = await new OrderDesk(bus, () => [{ kind: 'read-all-items' }]).start();
  gateways = [
    await startTestGateway(bus, { securePhones, legacyPhones }),
    await startTestGateway(bus, { securePhones, legacyPhones }),
  ];
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await desk.close();
  await bus.close();
});

const secureUrl = (gateway: 0 | 1 = 0): string => gateways[gateway].securePhonesUrl ?? '';
const startUp = (mac = MAC): ReturnType<typeof message> => message({ items: basicItems(mac) });
const lastRefusal = (): unknown => desk.ofType('opendls.gateway.contact-refused').at(-1)?.data;
const opened = (): unknown[] => desk.ofType('opendls.gateway.device-started').map(({ data }) => data.connection);

describe('the secure listener', () => {
  it('serves a phone that shows its certificate, and tells which', async () => {
    const { answer } = await talk(secureUrl(), startUp(), phone);
    expect(answer.action).toBe('ReadAllItems');
    expect(opened().at(-1)).toMatchObject({
      listener: 'secure',
      clientCertificate: { serialNumber: phone.serialNumber, notAfter: phone.notAfter.toISOString() },
    });
    expect(await gateways[0].metrics.metrics()).toMatch(
      /tls_contacts_total\{listener="secure",version="TLSv1.3",cipher="TLS_AES_[A-Z0-9_]+"\} [1-9]/,
    );
  });

  it('has no handshake with who shows none, or one of another authority', async () => {
    const before = opened().length;
    for (const shown of [{}, stranger]) {
      await expect(talk(secureUrl(), startUp(), shown)).rejects.toThrow();
      await expect(talk(secureUrl(), startUp(), { ...shown, maxVersion: 'TLSv1.2' })).rejects.toThrow();
    }
    expect(opened()).toHaveLength(before);
    expect(await gateways[0].metrics.metrics()).toMatch(/tls_failures_total\{listener="secure"\} [4-9]/);
  });

  it("refuses another phone's certificate, in the first message and in the middle of a contact", async () => {
    const before = opened().length;
    expect((await talk(secureUrl(), startUp(), other)).answer).toMatchObject({ action: 'CleanUp' });
    await until(() => lastRefusal() !== undefined, 'the refusal');
    expect(lastRefusal()).toMatchObject({
      deviceId: DEVICE,
      code: 'certificate-mismatch',
      connection: { listener: 'secure' },
    });
    expect(JSON.stringify(lastRefusal())).not.toContain('clientCertificate');
    expect(opened()).toHaveLength(before);

    const { cookie } = await talk(secureUrl(), startUp(OTHER_MAC), other);
    const reply = message({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted', items: [] });
    expect((await talk(secureUrl(), reply, { ...phone, cookie })).answer.action).toBe('CleanUp');
    expect(desk.isDone('001ae8005302')).toBe(false);
    await talk(secureUrl(1), { ...reply, nonce: 'AGAIN' }, { ...other, cookie });
    expect(desk.isDone('001ae8005302')).toBe(true);
  });
});

describe('a resumed session', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'still shows the certificate, at another gateway too (%s)',
    async (version) => {
      const tls = { minVersion: version, maxVersion: version };
      const first = await talk(secureUrl(0), startUp(), { ...phone, ...tls });
      const second = await talk(secureUrl(1), startUp(), { ...tls, session: first.session });
      expect([second.isReused, second.answer.action !== 'CleanUp' || desk.isDone(DEVICE)]).toEqual([true, true]);
      expect(opened().at(-1)).toMatchObject({ clientCertificate: { serialNumber: phone.serialNumber } });
    },
  );

  it('of a phone without certificate does not open the secure listener', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const tls = { minVersion: version, maxVersion: version };
      const { session } = await talk(gateways[0].phonesUrl, startUp(OTHER_MAC), tls);
      expect(session).toBeDefined();
      await expect(talk(secureUrl(), startUp(OTHER_MAC), { ...tls, session })).rejects.toThrow();
    }
  });

  it('does not outlive the revocation of its certificate', async () => {
    const { session } = await talk(secureUrl(), startUp(), phone);
    await direct(bus, DEVICE, { revokedCertificates: [`00${phone.serialNumber}`] });
    const ask = async (): Promise<DlsMessage> => (await talk(secureUrl(1), startUp(), { session })).answer;
    const count = (): number =>
      desk.ofType('opendls.gateway.contact-refused').filter(({ data }) => data.code === 'certificate-revoked').length;
    await eventually(ask, () => count() > 0, 'the refusal of a revoked certificate');
    await takeBack(bus, DEVICE);
  });
});

describe('a phone that was seen in Secure Mode', () => {
  const replies = message({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted', items: [] });

  it.each(['default', 'legacy'] as const)(
    'is refused on the %s listener, also in the middle of a contact',
    async (name) => {
      const url = (name === 'default' ? gateways[0].phonesUrl : gateways[0].legacyPhonesUrl) ?? '';
      const mac = name === 'default' ? '00:1A:E8:00:53:03' : '00:1A:E8:00:53:04';
      const deviceId = mac.replaceAll(':', '').toLowerCase();
      const { action, cookie } = await exchange(url, startUp(mac));
      expect(action).toBe('ReadAllItems');
      await direct(bus, deviceId, { requiresSecureMode: true });
      const refused = (): boolean => {
        const data = desk.ofType('opendls.gateway.contact-refused').at(-1)?.data;
        return data?.deviceId === deviceId && data.code === 'secure-mode-required';
      };
      await eventually(() => exchange(url, startUp(mac)), refused, 'the refusal');
      const reply = await exchange(url, replies, { cookie });
      expect([reply.action, reply.cookie, desk.isDone(deviceId)]).toEqual(['CleanUp', undefined, false]);
      expect(await gateways[0].metrics.metrics()).toContain(
        `refusals_total{listener="${name}",code="secure-mode-required"}`,
      );

      await takeBack(bus, deviceId);
      await eventually(
        () => exchange(url, startUp(mac)),
        ({ action }) => action === 'ReadAllItems',
        'the way back',
      );
    },
  );
});
