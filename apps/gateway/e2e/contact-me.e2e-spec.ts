import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InMemoryEventBus, InMemoryLog } from '@opendls/event-bus/testing';
import { parseDeviceId, TOPICS, toRecord, type DeviceId } from '@opendls/event-contracts';
import type { ContactMeConfig } from '../src/index.js';
import { FaultyBus } from '../test/faulty-bus.js';
import { OrderDesk } from '../test/order-desk.js';
import { startTestGateway, until, type TestGateway } from '../test/test-gateway.js';

const PATH = '/contact_dls.html/ContactDLS';
const PHONE = device('001ae8005301');
const OTHER = device('001ae8005302');

function device(text: string): DeviceId {
  const id = parseDeviceId(text);
  if (id === undefined) throw new Error('not a device id');
  return id;
}

let log: InMemoryLog;
let bus: InMemoryEventBus;
let desk: OrderDesk;
const gateways: TestGateway[] = [];
const servers: Server[] = [];

beforeEach(async () => {
  log = new InMemoryLog();
  bus = new InMemoryEventBus({ log });
  desk = await new OrderDesk(bus).start();
});

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await desk.close();
  await bus.close();
});

async function start(
  contactMe: Partial<ContactMeConfig> = {},
  on: InMemoryEventBus | FaultyBus = bus,
): Promise<TestGateway> {
  const gateway = await startTestGateway(on, { contactMe: { simulatedPhones: true, ...contactMe } });
  gateways.push(gateway);
  return gateway;
}

/** A phone's web server; counts the ContactMe it gets. */
async function aPhone(status = 204, delayMs = 0): Promise<{ readonly uri: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => asked.push(chunk.toString()));
    request.on('end', () =>
      setTimeout(() => response.writeHead(status, { 'Content-Length': 0 }).end(), delayMs).unref(),
    );
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`, asked };
}

function aRequest(contactMeUri: string, deviceId = PHONE, expiresAt = new Date(Date.now() + 60_000)) {
  const requestId = randomUUID();
  const data = { requestId, deviceId, contactMeUri, attempt: 1, expiresAt: expiresAt.toISOString() };
  const type = 'opendls.config-policy.contact-requested';
  return toRecord({
    id: randomUUID(),
    type,
    source: '/opendls/config-policy/x',
    subject: deviceId,
    time: new Date(),
    data,
  });
}

const attempts = () => desk.ofType('opendls.gateway.contact-attempted').map(({ data }) => data);

describe('waking a phone', () => {
  it('asks it, and tells what came of it', async () => {
    const gateway = await start();
    const phone = await aPhone();
    await bus.publish([aRequest(phone.uri)]);
    await until(() => attempts().length > 0, 'the attempt');
    expect(attempts()).toMatchObject([
      { deviceId: PHONE, outcome: 'accepted', status: 204, code: null, address: '127.0.0.1' },
    ]);
    expect(phone.asked).toEqual(['ContactMe=true']);
    expect(await gateway.metrics.metrics()).toContain('opendls_gateway_contact_attempts_total{outcome="accepted"} 1');
  });

  it('is done by one of the gateways', async () => {
    await start();
    gateways.push(await startTestGateway(new InMemoryEventBus({ log }), { contactMe: { simulatedPhones: true } }));
    const phone = await aPhone();
    await bus.publish([aRequest(phone.uri)]);
    await until(() => attempts().length > 0, 'the attempt');
    const other = await aPhone();
    await bus.publish([aRequest(other.uri, OTHER)]);
    await until(() => attempts().length > 1, 'the other attempt');
    expect([phone.asked.length, other.asked.length, attempts().length]).toEqual([1, 1, 2]);
  });

  it('happens once in 60 s, whoever asks how often, under whatever name', async () => {
    await start();
    const phone = await aPhone();
    const first = aRequest(phone.uri);
    await bus.publish([first]);
    await until(() => attempts().length === 1, 'the first attempt');
    await bus.publish([aRequest(phone.uri), aRequest(phone.uri, OTHER), first]);
    await until(() => attempts().length === 4, 'the attempts');
    expect(
      attempts()
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(['accepted', 'accepted', 'too-soon', 'too-soon']);
    expect(new Set(attempts().map(({ requestId }) => requestId)).size).toBe(3);
    expect(phone.asked).toHaveLength(1);
  });

  it('does not go where phones are not', async () => {
    await start({ simulatedPhones: false, networks: ['10.0.0.0/8'] });
    const phone = await aPhone();
    const uris = [phone.uri, 'http://169.254.169.254/latest/meta-data', `http://127.0.0.1:8085${PATH}`];
    await bus.publish(uris.map((uri) => aRequest(uri)));
    await until(() => attempts().length === 3, 'the attempts');
    expect(attempts().map(({ outcome }) => outcome)).toEqual(Array(3).fill('not-allowed'));
    expect(
      attempts()
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['address-not-allowed', 'path-not-allowed', 'port-not-allowed']);
    expect(phone.asked).toEqual([]);
  });

  it('does not hold up others, and no other events, for a phone that is silent', async () => {
    await start({ timeoutMs: 300 });
    const silent = await aPhone(204, 60_000);
    const phone = await aPhone();
    const refusing = await aPhone(500);
    await bus.publish([
      aRequest(silent.uri),
      aRequest(phone.uri, OTHER),
      aRequest(refusing.uri, device('001ae8005303')),
      aRequest(phone.uri, device('001ae8005304'), new Date(Date.now() - 1_000)),
    ]);
    await until(() => attempts().length === 4, 'the attempts');
    const byDevice = new Map(attempts().map((attempt) => [attempt.deviceId as string, attempt]));
    expect(byDevice.get(PHONE)).toMatchObject({ outcome: 'timeout', address: '127.0.0.1' });
    expect(byDevice.get(OTHER)).toMatchObject({ outcome: 'accepted' });
    expect(byDevice.get('001ae8005303')).toMatchObject({ outcome: 'unexpected-status', status: 500 });
    expect(byDevice.get('001ae8005304')).toMatchObject({ outcome: 'expired', address: null });
  });

  it('is told again, not done again, when the bus did not acknowledge what came of it', async () => {
    const faulty = new FaultyBus(bus);
    await start({}, faulty);
    const phone = await aPhone();
    faulty.publishing = 'fail';
    await bus.publish([aRequest(phone.uri)]);
    await until(() => faulty.attempts.length > 1, 'two tries to tell');
    expect(attempts()).toEqual([]);
    faulty.publishing = 'works';
    await until(() => attempts().length > 0, 'the attempt');
    expect(attempts()).toMatchObject([{ outcome: 'accepted' }]);
    expect(new Set(faulty.attempts.map(({ headers }) => headers['ce_id'])).size).toBe(1);
    expect(phone.asked).toHaveLength(1);
  });

  it('goes on after a record that is no request', async () => {
    await start();
    const phone = await aPhone();
    const poison = { ...aRequest(phone.uri), value: '{"contactMeUri":5}' };
    await bus.publish([poison, aRequest(phone.uri)]);
    await until(() => attempts().length > 0, 'the attempt');
    expect(phone.asked).toHaveLength(1);
    expect(TOPICS.map(({ name }) => name)).toContain('config-policy.contact-request.v1');
  });
});
