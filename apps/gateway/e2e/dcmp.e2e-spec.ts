import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { TOPICS } from '@opendls/event-contracts';
import type { DcmpListenerConfig } from '../src/index.js';
import { direct } from '../test/directives.js';
import { send } from '../test/raw-phone.js';
import { startTestGateway, type TestGateway } from '../test/test-gateway.js';

const PATH = '/dcmp/contact-me';
const PHONE = '001ae8005301';

let bus: InMemoryEventBus;
let gateway: TestGateway;

beforeEach(async () => {
  bus = new InMemoryEventBus();
  await bus.ensureTopics(TOPICS);
});

afterEach(async () => {
  await gateway.close();
  await bus.close();
});

async function start(dcmp: Partial<DcmpListenerConfig> = {}): Promise<void> {
  gateway = await startTestGateway(bus, { dcmp: { host: '127.0.0.1', port: 0, ...dcmp } });
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

function poll(
  target: string,
  options: { readonly method?: string; readonly agent?: Agent; readonly body?: string } = {},
) {
  const { method = 'GET', agent, body } = options;
  return new Promise<Answer>((resolve, reject) => {
    const outgoing = request(new URL(target, gateway.dcmpUrl ?? ''), { method, agent: agent ?? false }, (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
    });
    outgoing.on('error', reject);
    if (body !== undefined) outgoing.setHeader('Content-Length', body.length);
    outgoing.end(body);
  });
}

const isPending = async (isIt: boolean): Promise<void> => {
  const deadline = Date.now() + 20_000;
  while ((await poll(`${PATH}?device-id=${PHONE}`)).status !== (isIt ? 202 : 200)) {
    if (Date.now() > deadline) throw new Error('not in time');
  }
};

describe('DCMP polling', () => {
  it('answers 202 while work is pending and 200 otherwise, as phones write their address', async () => {
    await start();
    const ids = ['00:1A:E8:00:53:01', '00%3a1a%3Ae8%3A00%3A53%3A01', '00-1a-e8-00-53-01', PHONE];
    for (const id of ids) expect((await poll(`${PATH}?device-id=${id}`)).status).toBe(200);
    await direct(bus, PHONE, { isWorkPending: true });
    await isPending(true);
    for (const id of ids) {
      const answer = await poll(`${PATH}?device-id=${id}`);
      expect(answer).toMatchObject({ status: 202, text: '', headers: { 'content-length': '0' } });
      expect(answer.headers['transfer-encoding']).toBeUndefined();
    }
    expect((await poll(`${PATH}?device-id=001ae8005302`)).status).toBe(200);
    await direct(bus, PHONE, { isWorkPending: false });
    await isPending(false);
  });

  it('is there on the listeners for phones, too', async () => {
    await start();
    await direct(bus, PHONE, { isWorkPending: true });
    await isPending(true);
    const path = `${PATH}?device-id=00:1A:E8:00:53:01`;
    expect(await send(gateway.phonesUrl, '', { method: 'GET', path })).toMatchObject({ status: 202, text: '' });
    const refused = await send(gateway.phonesUrl, '', { method: 'POST', path });
    expect(refused).toMatchObject({ status: 405, headers: { allow: 'GET' } });
  });

  it('answers 200 to what names no phone, and counts it', async () => {
    await start();
    const queries = [
      '',
      '?',
      '?device-id=',
      '?device-id=x',
      `?device-id=${'0'.repeat(2_000)}`,
      '?device-id=%',
      '?id=1',
    ];
    for (const query of queries) expect((await poll(PATH + query)).status).toBe(200);
    const metrics = await gateway.metrics.metrics();
    expect(metrics).toContain(`opendls_gateway_dcmp_polls_total{answer="other"} ${queries.length}`);
  });

  it('answers nothing else over plain HTTP', async () => {
    await start();
    expect((await poll('/')).status).toBe(404);
    expect((await poll('/DeploymentService/LoginService', { method: 'POST', body: '<x/>' })).status).toBe(404);
    expect((await poll('/files/x/y')).status).toBe(404);
    for (const method of ['HEAD', 'POST', 'PUT']) {
      expect(await poll(PATH, { method })).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    }
    expect((await poll(PATH, { body: 'x'.repeat(100) })).status).toBe(413);
    expect((await poll(`${PATH}?device-id=${'0'.repeat(8_000)}`)).status).toBe(431);
    const metrics = await gateway.metrics.metrics();
    expect(metrics).toContain('opendls_gateway_refusals_total{listener="dcmp",code="not-found"} 3');
  });

  it('keeps connections open for the next poll, and no more of them than allowed', async () => {
    await start({ maxConnectionsPerAddress: 2 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < 3; count++) await poll(PATH, { agent });
    const second = connect(Number(new URL(gateway.dcmpUrl ?? '').port), '127.0.0.1');
    await new Promise((resolve) => second.once('connect', resolve));
    await expect(poll(PATH)).rejects.toThrow();
    expect(await gateway.metrics.metrics()).toContain(
      'opendls_gateway_connections_refused_total{listener="dcmp",cause="address"} 1',
    );
    second.destroy();
    agent.destroy();
    const deadline = Date.now() + 20_000;
    while (!(await gateway.metrics.metrics()).includes('opendls_gateway_connections{listener="dcmp"} 0')) {
      expect(Date.now()).toBeLessThan(deadline);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect((await poll(PATH)).status).toBe(200);
  });

  it('is off unless it has a port', async () => {
    gateway = await startTestGateway(bus);
    expect(gateway.dcmpUrl).toBeNull();
  });
});
