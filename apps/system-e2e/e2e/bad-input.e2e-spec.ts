import { encodeWorkpointMessage, type Item, type WorkpointMessage } from '@opendls/dls-codec';
import { createApiKey } from '@opendls/http';
import { DlsHttpsClient, serviceUrl, VirtualPhone } from '@opendls/virtual-phone';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { ApiClient, RunningProgram, until, type Endpoints } from '../src/index.js';

const START_MS = 120_000;
const PATH = '/DeploymentService/LoginService';
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), Buffer.alloc(500, 7)]);

let directory: string;
let server: RunningProgram;
let endpoints: Endpoints;
let api: ApiClient;
let nonces = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'opendls-bad-input-'));
  const args = ['--host', '127.0.0.1', '--phone-port', '0', '--api-port', '0'];
  server = RunningProgram.start('apps/standalone/dist/main.js', path.join(directory, 'data'), args);
  endpoints = await server.ready();
  api = new ApiClient(endpoints.api, await server.apiKey());
  expect((await put('good', policy('good', '00:1A:E8:7', '{ name: sntp-addr, value: ntp.example.org }'))).status).toBe(
    201,
  );
}, START_MS);

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  await rm(directory, { recursive: true, force: true });
}, 60_000);

let goodPhones = 0;

/** Whatever came before: the next phone is heard, configured, and counted once; nothing was set aside. */
afterEach(async () => {
  const digits = (++goodPhones).toString(16).padStart(4, '0');
  const macAddress = `00:1A:E8:77:${digits.slice(0, 2)}:${digits.slice(2)}`;
  const phone = new VirtualPhone({ url: endpoints.phones, macAddress, e164: '4989100800' });
  const [contact] = await phone.boot();
  expect(contact).toMatchObject({ end: 'CleanUp', violations: [] });
  expect(phone.value('sntp-addr')).toBe('ntp.example.org');
  await phone.close();
  const deviceId = `001ae877${digits}`;
  await until(
    'the phone in the inventory',
    30_000,
    async () => (await api.request('GET', `/inventory/v1/devices/${deviceId}`)).ok,
  );
  expect(await api.get(`/inventory/v1/devices/${deviceId}`)).toMatchObject({ startUpCount: 1 });
  expect(await metric(/_events_total\{.*outcome="rejected".*\}/)).toBe(0);
});

describe('what is not a phone’s', () => {
  it.each<[string, number, string, Buffer, string]>([
    ['garbage', 400, 'not-a-message', Buffer.from('\0\xff\x01hello', 'latin1'), 'text/xml'],
    ['a PNG', 415, 'not-xml', PNG, 'image/png'],
    ['a PNG that says it is XML', 400, 'not-a-message', PNG, 'text/xml'],
    ['a 10 MB body', 413, 'body-too-large', Buffer.alloc(10_000_000, 'x'), 'text/xml'],
    ['a missing nonce', 400, 'missing-nonce', Buffer.from(encoded().replace('nonce=', 'once=')), 'text/xml'],
    ['a wrong root', 400, 'wrong-root', Buffer.from(encoded().replaceAll('WorkpointMessage', 'Envelope')), 'text/xml'],
  ])('%s: a plain error, counted', async (_name, status, code, body, type) => {
    const refused = new RegExp(`gateway_refusals_total\\{.*code="${code}"\\}`);
    const before = await metric(refused);
    expect(await post(body, type)).toBe(status);
    expect(await metric(refused)).toBe(before + 1);
  });

  it('a slow body: 408 after a while, counted', async () => {
    const refused = /gateway_refusals_total\{.*code="request-timeout"\}/;
    const before = await metric(refused);
    const answer = await dripping(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(await metric(refused)).toBe(before + 1);
  }, 60_000);
});

describe('a phone that is not what it should be', () => {
  it('a MAC that is no MAC: told to end, counted', async () => {
    const refused = /gateway_refusals_total\{.*code="invalid-identity"\}/;
    const before = await metric(refused);
    for (const mac of ['///', '', '../../etc/passwd', 'x'.repeat(65), '\u{1f600}']) {
      expect(await new OddPhone(mac).send({ reason: 'start-up' })).toBe('CleanUp');
    }
    expect(await metric(refused)).toBe(before + 5);
  });

  it('facts, names and statuses that nobody would send are cut or left out, and the rest is kept', async () => {
    const phone = new OddPhone('00:1A:E8:78:00:01', [
      { name: 'device-type', value: `${'x'.repeat(254)}\u{1f600}` },
      { name: 'n'.repeat(200), value: '1' },
      { name: '__proto__', value: '1' },
      { name: 'blob', value: 'x'.repeat(60_000) },
    ]);
    expect(await phone.send({ reason: 'start-up' })).toBe('ReadAllItems');
    expect(await phone.reply('ReadAllItems', [{ name: 'sntp-addr', value: 'old' }])).toBe('WriteItems');
    const refused: Item[] = [
      { name: 'n'.repeat(200), value: '', status: 'failed' },
      { name: 'sntp-addr', value: '', status: 'failed', statusText: 's'.repeat(5_000) },
    ];
    expect(await phone.reply('WriteItems', refused)).toBe('ReadItems');
    expect(await phone.reply('ReadItems', [{ name: 'sntp-addr', value: 'old' }])).toBe('CleanUp');
    phone.close();
    const device = '/inventory/v1/devices/001ae8780001';
    await until('the odd phone', 30_000, async () => (await api.request('GET', device)).ok);
    expect(await api.get(device)).toMatchObject({ deviceType: 'x'.repeat(254) });
    const orders = await api.all<{ state: string }>('/config-policy/v1/devices/001ae8780001/orders');
    expect(orders.map(({ state }) => state)).toContain('refused');
  });

  it('one that never ends its answer is told to end', async () => {
    const phone = new OddPhone('00:1A:E8:78:00:02');
    let action = await phone.send({ reason: 'start-up' });
    let messages = 0;
    for (; action === 'ReadAllItems' || action === 'GetNextFragment'; messages++) {
      const items = [{ name: `item-${messages}`, value: 'x' }];
      action = await phone.reply('ReadAllItems', items, 'next');
    }
    phone.close();
    expect([action, messages]).toEqual(['CleanUp', 200]);
    expect(await metric(/contacts_closed_total\{outcome="loop-guard"\}/)).toBe(1);
  }, 60_000);

  it('one that answers everything wrong is not written to for ever', async () => {
    const phone = new OddPhone('00:1A:E8:78:00:03');
    const actions: string[] = [];
    for (let boot = 0; boot < 10; boot++) {
      let action = await phone.send({ reason: 'start-up' });
      for (let n = 0; action !== 'CleanUp' && n < 100; n++) {
        actions.push(action);
        action = await phone.reply(action === 'ReadAllItems' ? 'ReadAllItems' : 'Restart', []);
      }
    }
    phone.close();
    expect(actions.length).toBeLessThan(25);
    expect(await api.get('/config-policy/v1/devices/001ae8780003')).toMatchObject({ state: 'failed' });
  }, 60_000);
});

describe('a user of the API', () => {
  it('a policy with a wrong value: refused with its place and what is allowed', async () => {
    const answer = await put('wrong', policy('wrong', '00:1A:E8:7', '{ name: display-brightness, value: dazzling }'));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: 'policy-invalid',
      errors: [
        { path: '$.spec.items[0].value', item: { name: 'display-brightness' }, allowed: expect.any(String) as string },
      ],
    });
    expect(await metric(/http_requests_total\{method="PUT",route=".*policies\/:name",status="400"\}/)).toBeGreaterThan(
      0,
    );
  });

  it('an unknown item: taken, with a warning and what may be meant', async () => {
    const answer = await put('unknown', policy('unknown', '00:1A:E8:8', '{ name: sntp-adr, value: x }'));
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ warnings: [{ code: 'unknown-item' }] });
  });

  it('a body over the limit: 413, also to a client that does not listen yet', async () => {
    expect((await put('large', 'x'.repeat(5_000_000))).status).toBe(413);
  });

  it('an expired key: 401 that says so, counted', async () => {
    const file = path.join(server.dataDir, 'api-keys.json');
    const { text } = await createApiKey(file, { name: 'old', role: 'admin', expiresAt: new Date(Date.now() - 1_000) });
    const expired = new ApiClient(endpoints.api, text);
    const failures = /auth_failures_total\{code="api-key-expired"\}/;
    const answer = await until('the key is known', 30_000, async () => {
      const { status, ...rest } = await expired.request('GET', '/inventory/v1/devices').then(async (one) => ({
        status: one.status,
        body: (await one.json()) as { code: string },
      }));
      return rest.body.code !== 'api-key-invalid' && rest.body.code !== 'too-many-failures' && { status, ...rest };
    });
    expect(answer).toMatchObject({ status: 401, body: { code: 'api-key-expired' } });
    expect(await metric(failures)).toBeGreaterThan(0);
  });
});

/** A phone that says what the test wants. */
class OddPhone {
  private readonly client = new DlsHttpsClient(serviceUrl(endpoints.phones));
  private cookie: string | undefined;

  constructor(
    private readonly mac: string,
    private readonly facts: readonly Item[] = [],
  ) {}

  /** Sends a message; the action of the answer. */
  async send(parts: Partial<WorkpointMessage>): Promise<string> {
    const items = parts.items ?? [{ name: 'mac-addr', value: this.mac }, ...this.facts];
    const answer = await this.client.post(Buffer.from(encoded({ ...parts, items })), this.cookie);
    this.cookie = answer.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? this.cookie;
    expect(answer.status).toBe(200);
    return /<Action>(\w+)</.exec(answer.body.toString())?.[1] ?? 'none';
  }

  reply(
    action: 'ReadAllItems' | 'ReadItems' | 'WriteItems' | 'Restart',
    items: readonly Item[],
    fragment: 'next' | 'final' = 'final',
  ): Promise<string> {
    return this.send({ reason: 'reply-to', action, status: 'accepted', items, fragment });
  }

  close(): void {
    this.client.close();
  }
}

function encoded(parts: Partial<WorkpointMessage> = {}): string {
  const items = [{ name: 'mac-addr', value: '00:1A:E8:78:FF:FF' }];
  const nonce = `BAD${process.pid}X${++nonces}`;
  return encodeWorkpointMessage({ kind: 'workpoint', nonce, fragment: 'final', reason: 'start-up', items, ...parts });
}

/** Posts any bytes; the status of the answer. */
function post(body: Buffer, type: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': type, 'Content-Length': body.length };
    const options = { method: 'POST', agent: false as const, rejectUnauthorized: false, headers };
    const outgoing = request(new URL(PATH, endpoints.phones), options, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends a beginning and then a byte now and then, until the other side has had enough; what it said. */
function dripping(beginning: string): Promise<string> {
  const { port } = new URL(endpoints.phones);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }, () =>
      socket.write(beginning),
    );
    const drip = setInterval(() => socket.write('<'), 500);
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drip);
      resolve(answer);
    });
  });
}

/** The sum of the metrics whose name and labels match. */
async function metric(pattern: RegExp): Promise<number> {
  const text = await (await api.request('GET', '/metrics')).text();
  return text
    .split('\n')
    .filter((line) => pattern.test(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

function policy(name: string, macPrefix: string, item: string): string {
  return `apiVersion: opendls/v1
kind: Policy
metadata: { name: ${name} }
spec:
  layer: site
  select: { macPrefix: ["${macPrefix}"] }
  items: [${item}]
`;
}

function put(name: string, text: string): Promise<Response> {
  return api.request('PUT', `/config-policy/v1/policies/${name}`, text, 'application/yaml');
}
