import { jest } from '@jest/globals';
import { Agent } from 'node:https';
import { encodeWorkpointMessage } from '@opendls/dls-codec';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { LEGACY_TLS, VirtualPhone } from '@opendls/virtual-phone';
import { OrderDesk } from '../test/order-desk.js';
import { basicItems, exchange, message, PATH, send } from '../test/raw-phone.js';
import { startTestGateway, testCertificate, until, type TestGateway } from '../test/test-gateway.js';
import { talk } from '../test/tls-phone.js';

jest.setTimeout(30_000);

let bus: InMemoryEventBus;
let gateway: TestGateway;
let desk: OrderDesk;

beforeAll(async () => {
  bus = new InMemoryEventBus();
  desk = await new OrderDesk(bus, () => [{ kind: 'read-all-items' }]).start();
  const tls = await testCertificate();
  gateway = await startTestGateway(bus, { legacyPhones: { host: '127.0.0.1', port: 0, tls } });
});

afterAll(async () => {
  await gateway.close();
  await desk.close();
  await bus.close();
});

let phones = 0;
function aPhone(): string {
  return `00:1A:E8:00:60:${String(++phones).padStart(2, '0')}`;
}

describe('answers', () => {
  it('have a type, an exact length in bytes, one cookie as one token, and no chunks', async () => {
    const sent = message({ items: basicItems(aPhone()), nonce: 'Ä&"<é' });
    const { status, headers, text } = await send(gateway.phonesUrl, encodeWorkpointMessage(sent));
    expect([status, headers['content-type']]).toEqual([200, 'text/xml; charset=UTF-8']);
    expect(headers['content-length']).toBe(String(Buffer.byteLength(text)));
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(headers['set-cookie']).toHaveLength(1);
    expect(headers['set-cookie']?.[0]).toMatch(/^JSESSIONID=[A-Za-z0-9._-]+; Path=\/DeploymentService; Secure$/);
  });

  it('come on both paths, each with its cookie path', async () => {
    const { cookie } = await exchange(gateway.phonesUrl, message({ items: basicItems(aPhone()) }), {
      path: '/provisioningService?x=1',
    });
    expect(cookie).toMatch(/; Path=\/provisioningService; Secure$/);
  });

  it('come to a request line with the whole URL, as proxies send it', async () => {
    const target = `https://dls.example${PATH}?x=1`;
    const { answer, cookie } = await talk(gateway.phonesUrl, message({ items: basicItems(aPhone()) }), { target });
    expect([answer.action, cookie?.includes('Path=/DeploymentService')]).toEqual(['ReadAllItems', true]);
  });

  it('keep the connection when the phone does, and close it when the phone says so', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    agent.on('free', (socket: { localPort?: number }) => ports.add(socket.localPort));
    const mac = aPhone();
    const first = await exchange(gateway.phonesUrl, message({ items: basicItems(mac) }), { agent });
    const reply = message({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted', items: [] });
    const second = await exchange(gateway.phonesUrl, reply, { agent, cookie: first.cookie });
    expect([first.action, second.action, ports.size]).toEqual(['ReadAllItems', 'CleanUp', 1]);
    expect(first.headers['keep-alive']).toBe('timeout=35');
    agent.destroy();
    const closing = await exchange(gateway.phonesUrl, message({ items: basicItems(aPhone()) }), {
      headers: { Connection: 'close' },
    });
    expect(closing.headers.connection).toBe('close');
  });
});

describe('cookies', () => {
  it.each([
    ['as it should be', (token: string) => `JSESSIONID=${token}`],
    ['with its attributes', (token: string) => `JSESSIONID=${token}; Path=/DeploymentService; Secure`],
    ['quoted', (token: string) => `JSESSIONID="${token}"`],
    ['in other case, among others', (token: string) => `a=b; jsessionid=${token} ; path=/; =; x`],
    ['after an old one', (token: string) => `JSESSIONID=4B1F0C77A2D94E36B05512EE90C3D8A1; JSESSIONID=${token}`],
    ['joined by a proxy', (token: string) => `JSESSIONID=4B1F0C77A2D94E36B05512EE90C3D8A1, JSESSIONID=${token}`],
  ])('%s', async (_name, write) => {
    const mac = aPhone();
    const opened = await exchange(gateway.phonesUrl, message({ items: basicItems(mac) }));
    const token = /JSESSIONID=([^;]+)/.exec(opened.cookie ?? '')?.[1] ?? '';
    const reply = message({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted', items: [] });
    expect((await exchange(gateway.phonesUrl, reply, { cookie: write(token) })).action).toBe('CleanUp');
    expect(desk.isDone(mac.replaceAll(':', '').toLowerCase())).toBe(true);
  });

  it('of another phone do not count', async () => {
    const opened = await exchange(gateway.phonesUrl, message({ items: basicItems(aPhone()) }));
    const reply = message({
      reason: 'reply-to',
      action: 'ReadAllItems',
      status: 'accepted',
      items: basicItems(aPhone()),
    });
    const before = desk.events.length;
    expect((await exchange(gateway.phonesUrl, reply, { cookie: opened.cookie })).action).toBe('CleanUp');
    expect(desk.events.slice(before).filter(({ type }) => type !== 'opendls.gateway.contact-refused')).toEqual([]);
  });

  it("of another phone do not end that one's contact", async () => {
    const mac = aPhone();
    const { cookie } = await exchange(gateway.phonesUrl, message({ items: basicItems(mac) }));
    await exchange(gateway.phonesUrl, message({ reason: 'status', items: basicItems(aPhone()) }), { cookie });
    const reply = message({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted', items: [] });
    expect((await exchange(gateway.phonesUrl, reply, { cookie })).action).toBe('CleanUp');
    const deviceId = mac.replaceAll(':', '').toLowerCase();
    const ends = (): string[] =>
      desk.ofType('opendls.gateway.contact-closed').flatMap((e) => (e.subject === deviceId ? [e.data.outcome] : []));
    await until(() => ends().length > 0, 'contact closed');
    expect([ends(), desk.isDone(deviceId)]).toEqual([['completed'], true]);
  });

  it('that a phone keeps from its first answer still lead to the end', async () => {
    const mac = aPhone();
    const phone = new VirtualPhone({
      url: gateway.phonesUrl,
      macAddress: mac,
      fragmentBytes: 9_000,
      itemCount: 400,
      cookies: { keepsFirstCookie: true },
    });
    const [contact] = await phone.boot();
    expect(contact).toMatchObject({ end: 'CleanUp', violations: [] });
    expect(desk.isDone(mac.replaceAll(':', '').toLowerCase())).toBe(true);
    await phone.close();
  });
});

describe('TLS', () => {
  it.each(['AES128-SHA', 'AES256-SHA', 'DHE-RSA-AES128-SHA', 'DHE-RSA-AES256-SHA'])(
    'the legacy listener speaks TLS 1.0 with %s',
    async (cipher) => {
      const tls = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: `${cipher}:@SECLEVEL=0` } as const;
      const mac = aPhone();
      const { status, protocol } = await send(
        gateway.legacyPhonesUrl ?? '',
        encodeWorkpointMessage(message({ items: basicItems(mac) })),
        { tls },
      );
      expect([status, protocol]).toEqual([200, 'TLSv1']);
      const started = desk.ofType('opendls.gateway.device-started').at(-1);
      expect(started?.data.connection).toEqual({
        remoteAddress: '127.0.0.1',
        listener: 'legacy',
        tlsVersion: 'TLSv1',
        tlsCipher: cipher,
      });
    },
  );

  it('the default listener refuses TLS 1.0, and the legacy one takes what is newer', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    const body = encodeWorkpointMessage(message({ items: basicItems(aPhone()) }));
    await expect(send(gateway.phonesUrl, body, { tls: old })).rejects.toThrow();
    expect(await gateway.metrics.metrics()).toMatch(/tls_failures_total\{listener="default"\} [1-9]/);
    expect((await send(gateway.legacyPhonesUrl ?? '', body)).protocol).toBe('TLSv1.3');
  });

  it('a phone with the firmware of 2010 comes to the end of its order', async () => {
    const mac = aPhone();
    const phone = new VirtualPhone({ url: gateway.legacyPhonesUrl ?? '', macAddress: mac, connection: LEGACY_TLS });
    expect((await phone.boot())[0]).toMatchObject({ end: 'CleanUp', violations: [] });
    expect(desk.isDone(mac.replaceAll(':', '').toLowerCase())).toBe(true);
    await phone.close();
  });
});
