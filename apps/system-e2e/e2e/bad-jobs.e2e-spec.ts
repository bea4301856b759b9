import { encodeWorkpointMessage } from '@opendls/dls-codec';
import { createApiKey } from '@opendls/http';
import { VirtualPhone } from '@opendls/virtual-phone';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSelfSignedCertificate } from '@opendls/crypto';
import { ApiClient, RunningProgram, until, type Endpoints } from '../src/index.js';

const START_MS = 120_000;
const MAC = '00:1A:E8:79:00:01';
const DEVICE = '001ae8790001';
/** Of a phone that nothing is ordered for. */
const PLAIN_MAC = '00:1A:E8:79:00:03';
const STRANGER = '/config-policy/v1/devices/001ae87900ff';
const POLICY = '/config-policy/v1';
const ORDERS = `${POLICY}/devices/${DEVICE}/orders`;
const SECURE = `${POLICY}/devices/${DEVICE}/secure-mode`;
const REVOKE = `${POLICY}/devices/${DEVICE}/certificates`;

let directory: string;
let server: RunningProgram;
let endpoints: Endpoints;
let api: ApiClient;
let viewer: ApiClient;
let operator: ApiClient;
let phone: VirtualPhone;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'opendls-bad-jobs-'));
  // Without --simulated-phones: no address but port 8085 of a phone network may be asked to call.
  const args = ['--host', '127.0.0.1', '--phone-port', '0', '--secure-phone-port', '0', '--api-port', '0'];
  server = RunningProgram.start('apps/standalone/dist/main.js', path.join(directory, 'data'), args);
  endpoints = await server.ready();
  api = new ApiClient(endpoints.api, await server.apiKey());
  viewer = await clientOf('viewer');
  operator = await clientOf('operator');
  phone = new VirtualPhone({ url: endpoints.phones, macAddress: MAC, e164: '4989100900' });
  await phone.boot();
}, START_MS);

afterAll(async () => {
  await phone.close();
  expect(await server.stop()).toBe(0);
  await rm(directory, { recursive: true, force: true });
}, 60_000);

async function clientOf(role: 'viewer' | 'operator'): Promise<ApiClient> {
  const { text } = await createApiKey(path.join(server.dataDir, 'api-keys.json'), { name: role, role });
  const client = new ApiClient(endpoints.api, text);
  await until(`the key of ${role}`, 30_000, async () => (await client.request('GET', '/inventory/v1/devices')).ok);
  return client;
}

describe('orders that cannot be', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['no kind', {}, 'validation-failed'],
    ['an unknown kind', { kind: 'explode' }, 'order-invalid'],
    ['the kind of policies', { kind: 'configure' }, 'order-invalid'],
    ['the kind of mobile users', { kind: 'mobility-logon' }, 'order-invalid'],
    ['the kind of Secure Mode', { kind: 'secure-mode' }, 'order-invalid'],
    ['a reading of nothing', { kind: 'read', items: [] }, 'order-invalid'],
    ['a reading of too much', { kind: 'read', items: many(1_001) }, 'order-invalid'],
    ['a complete reading of something', { kind: 'read-all', items: many(1) }, 'order-invalid'],
    ['a name without end', { kind: 'read', items: [{ name: 'n'.repeat(129) }] }, 'order-invalid'],
    ['an index below zero', { kind: 'read', items: [{ name: 'x', index: -1 }] }, 'order-invalid'],
    ['a wrong value', { kind: 'write', items: [{ name: 'display-brightness', value: 'dazzling' }] }, 'order-invalid'],
    ['an item twice', { kind: 'write', items: [...many(1, 'v'), ...many(1, 'v')] }, 'order-invalid'],
    ['an item of Secure Mode', { kind: 'write', items: [{ name: 'goto-secure-mode', value: '1' }] }, 'order-invalid'],
    ['a secret that is not there', { kind: 'write', items: [{ name: 'x', secretRef: 'no/where' }] }, 'order-invalid'],
    ['a restart with arguments', { kind: 'restart', force: true }, 'order-invalid'],
    ['a reset without password', { kind: 'factory-reset' }, 'order-invalid'],
    ['a file that is not there', { kind: 'file', files: [{ name: 'nothing.png' }] }, 'order-invalid'],
    ['a file of two sources', { kind: 'file', files: [{ name: 'a', url: 'https://b/c' }] }, 'order-invalid'],
    ['a file by plain HTTP', { kind: 'file', files: [{ type: 'LOGO', url: 'http://b/c' }] }, 'order-invalid'],
    ['firmware that is not there', { kind: 'firmware', name: 'nothing.img' }, 'order-invalid'],
    ['a certificate that is none', { kind: 'certificate', item: 'x', pkcs12: 'AAAA' }, 'order-invalid'],
    ['a private key as certificate', { kind: 'certificate', item: 'x', pem: 'PRIVATE KEY' }, 'order-invalid'],
  ])('%s', async (_name, body, code) => {
    await refused(400, code, () => post(ORDERS, body));
  });

  it('of a phone nobody knows, of no phone, with a key that cannot be one', async () => {
    await refused(404, 'device-not-found', () => post(`${STRANGER}/orders`, { kind: 'restart' }));
    expect((await post(`${POLICY}/devices/..%2F..%2Fx/orders`, { kind: 'restart' })).status).toBeLessThan(500);
    await refused(404, 'order-not-found', () => api.request('GET', `${ORDERS}/nothing`));
    await refused(404, 'order-not-found', () => api.request('DELETE', `${ORDERS}/${randomUUID()}`));
    const headers = { authorization: `Bearer ${await server.apiKey()}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ kind: 'restart' });
    const long = { ...headers, 'idempotency-key': 'k'.repeat(129) };
    await refused(400, 'idempotency-key-invalid', () =>
      fetch(`${endpoints.api}${ORDERS}`, { method: 'POST', headers: long, body }),
    );
  });
});

describe('what else cannot be', () => {
  it.each<[string, string, string, unknown, number, string]>([
    ['a short password', 'PUT', 'mobile-users/49891', { password: 'x' }, 400, 'validation-failed'],
    ['a user without password', 'PUT', 'mobile-users/49891', {}, 400, 'mobile-user-password-missing'],
    ['a number that is none', 'PUT', 'mobile-users/a%20b', { password: 'abcd' }, 400, 'validation-failed'],
    [
      'a profile of 501 items',
      'PUT',
      'mobile-users/1',
      { password: 'abcd', items: many(501, 'v') },
      400,
      'validation-failed',
    ],
    ['the phone’s password in a profile', 'PUT', 'mobile-users/1', profile('admin-pwd'), 400, 'mobile-user-invalid'],
    ['user data in a profile', 'PUT', 'mobile-users/1', profile('userdata-vu1'), 400, 'mobile-user-invalid'],
    ['a log-off of nobody', 'POST', 'mobile-users/777/log-off', undefined, 404, 'mobile-user-not-found'],
    ['Secure Mode of a stranger', 'POST', 'devices/001ae87900ff/secure-mode', {}, 404, 'device-not-found'],
    ['Secure Mode with a wish', 'POST', `devices/${DEVICE}/secure-mode`, { pin: '1' }, 400, 'validation-failed'],
    ['a revocation of nothing', 'POST', `devices/${DEVICE}/certificates/ab/revoke`, {}, 404, 'certificate-not-found'],
    ['a serial number that is none', 'POST', `devices/${DEVICE}/certificates/xyz/revoke`, {}, 400, 'validation-failed'],
    ['a roll-out to all by mistake', 'POST', 'security/roll-outs', {}, 400, 'validation-failed'],
    ['a roll-out to no device', 'POST', 'security/roll-outs', { deviceIds: ['../x'] }, 400, 'device-id-invalid'],
    ['a roll-out to too many', 'POST', 'security/roll-outs', { deviceType: '*', limit: 1e6 }, 400, 'validation-failed'],
    ['a roll-out that never was', 'GET', `security/roll-outs/${randomUUID()}`, undefined, 404, 'roll-out-not-found'],
  ])('%s', async (_name, method, rest, body, status, code) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    await refused(status, code, () => api.request(method, `${POLICY}/${rest}`, text));
  });

  it.each<[string, string, Buffer, number, string]>([
    ['a name with a path', 'a%2Fb.png?type=LOGO', Buffer.from('x'), 400, 'file-name-invalid'],
    ['no type', 'a.png', Buffer.from('x'), 400, 'validation-failed'],
    ['a type that is none', 'a.png?type=EXE', Buffer.from('x'), 400, 'validation-failed'],
    ['no bytes', 'a.png?type=LOGO', Buffer.alloc(0), 400, 'file-empty'],
    ['a text that says it is a picture', 'a.png?type=LOGO', Buffer.from('hello'), 400, 'file-format-wrong'],
    ['another digest', `a.txt?type=LDAP&sha256=${'0'.repeat(64)}`, Buffer.from('x=y\n'), 400, 'file-digest-mismatch'],
    ['too many bytes', 'a.txt?type=LDAP', Buffer.alloc(70_000, 'x'), 413, 'file-too-large'],
    ['a version that is none', 'a.img?type=APP&version=new', Buffer.alloc(99, 1), 400, 'file-version-invalid'],
  ])('a file with %s', async (_name, rest, bytes, status, code) => {
    await refused(status, code, () => api.upload(`${POLICY}/files/${rest}`, bytes));
    expect(await api.all('/config-policy/v1/files')).toEqual([]);
  });
});

describe('keys that may not', () => {
  it('viewers change nothing, operators do not take certificates back', async () => {
    const forViewers: [string, string, string?][] = [
      ['POST', ORDERS, '{"kind":"restart"}'],
      ['DELETE', `${ORDERS}/${randomUUID()}`],
      ['DELETE', `${POLICY}/files/a.txt`],
      ['PUT', `${POLICY}/mobile-users/1`, '{"password":"abcd"}'],
      ['DELETE', `${POLICY}/mobile-users/1`],
      ['DELETE', `${POLICY}/mobile-users/1/user-data`],
      ['POST', `${POLICY}/mobile-users/1/log-off`],
      ['POST', SECURE, '{}'],
      ['POST', `${POLICY}/security/roll-outs`, '{"deviceType":"*"}'],
    ];
    const forOperators: [string, string, string?][] = [
      ['POST', `${SECURE}/reset`, '{}'],
      ['POST', `${REVOKE}/ab/revoke`, '{}'],
    ];
    for (const call of [...forViewers, ...forOperators])
      await refused(403, 'forbidden', () => viewer.request(...call), call[1]);
    await refused(403, 'forbidden', () => viewer.upload(`${POLICY}/files/a.txt?type=LDAP`, Buffer.from('x=y\n')));
    for (const call of forOperators) await refused(403, 'forbidden', () => operator.request(...call), call[1]);
    for (const [method, url, body] of forViewers)
      expect([url, (await operator.request(method, url, body)).status]).not.toEqual([url, 403]);
  }, 60_000);

  it('no route without a key but those that are open on purpose', async () => {
    const document = (await (await fetch(`${endpoints.api}/openapi.json`)).json()) as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const routes = Object.entries(document.paths).flatMap(([url, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), url] as const),
    );
    expect(routes.length).toBeGreaterThan(40);
    const open: string[] = [];
    for (const [method, url] of routes) {
      const answer = await fetch(`${endpoints.api}${url.replaceAll(/\{\w+\}/g, 'x')}`, { method });
      // Nothing but the missing key is told, however wrong the rest is; after ten in a row, that there were too many.
      const { code } = (await answer.json()) as { code: string };
      const isRefused = `${answer.status} ${code}`;
      if (isRefused === '401 api-key-missing' || isRefused === '429 too-many-failures') continue;
      open.push(`${method} ${url} ${answer.status}`);
    }
    // The signed token in the path is the authorization: one that is none leads nowhere.
    expect(open).toEqual(OPEN);
  }, 120_000);
});

const OPEN = ['GET /config-policy/v1/file-contents/{path} 404'];

describe('phones that are not what they should be', () => {
  it.each([
    '/files/',
    '/files/x/logo.png',
    `/files/${'x'.repeat(3_000)}/logo.png`,
    '/files/k1.AAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/..%2f..%2fetc%2fpasswd',
  ])('a link to a file that nobody signed: %.40s', async (url) => {
    const before = await metric(/gateway_file_requests_total\{.*outcome="link-invalid"\}/);
    expect((await toPhones({ path: url })).status).toBe(404);
    expect(await metric(/gateway_file_requests_total\{.*outcome="link-invalid"\}/)).toBe(before + 1);
  });

  it.each(['', '?device-id=', `?device-id=${'0'.repeat(5_000)}`, '?device-id=%00%ff', '?x=1'])(
    'a poll of nobody: %.30s',
    async (query) => {
      const before = await metric(/gateway_dcmp_polls_total\{.*answer="other"\}/);
      expect((await toPhones({ path: `/dcmp/contact-me${query}` })).status).toBe(200);
      expect(await metric(/gateway_dcmp_polls_total\{.*answer="other"\}/)).toBe(before + 1);
    },
  );

  it('a poll that posts', async () => {
    const before = await metric(/gateway_refusals_total\{.*code="method-not-allowed"\}/);
    expect((await toPhones({ path: '/dcmp/contact-me', method: 'POST' })).status).toBe(405);
    expect(await metric(/gateway_refusals_total\{.*code="method-not-allowed"\}/)).toBe(before + 1);
  });

  it('the secure listener without a certificate, and with one of somebody else’s making', async () => {
    const { key, cert } = await createSelfSignedCertificate({ commonName: DEVICE, altNames: [], days: 1 });
    const before = await metric(/gateway_tls_failures_total\{.*listener="secure".*\}/);
    const url = endpoints.securePhones ?? '';
    for (const options of [{}, { key, cert }]) {
      const answer = await toPhones({ ...options, ...LOGIN }, startUp([]), url).catch(() => undefined);
      expect(answer?.body ?? '').not.toMatch(/<Action>(?:Read|Write)/);
    }
    await until(
      'counted',
      10_000,
      async () => (await metric(/gateway_tls_failures_total\{.*listener="secure".*\}/)) > before,
    );
  });

  it('one that only says it is the plain phone is read first', async () => {
    const plain = new VirtualPhone({ url: endpoints.phones, macAddress: PLAIN_MAC, e164: '4989100900' });
    await plain.boot();
    await plain.close();
  });

  it.each([
    ['requested items without end', [{ name: 'requested-items', value: 'userdata-vu1,'.repeat(4_000) }]],
    ['modified items without end', [{ name: 'modified-items', value: 'userdata-vu1,'.repeat(4_000) }]],
    ['user data of absurd size', many(12, 'x'.repeat(60_000), 'userdata-phonebook')],
    ['a password of absurd size', [{ name: 'user-pwd', value: 'x'.repeat(60_000) }]],
  ])('%s', async (_name, more) => {
    const mobile = [
      { name: 'e164', value: '4989100911' },
      { name: 'basic-e164', value: '4989100900' },
      { name: 'sip-mobility-state', value: '0' },
    ];
    const answer = await toPhones(LOGIN, startUp([...mobile, ...more], 'inventory-changes'));
    expect(answer.status).toBe(200);
    // Told to end, or that nobody is logged on at it: nobody was.
    expect(answer.body).toMatch(/<Action>CleanUp<|<Item name="sip-mobility-state"[^>]*>1</);
    expect(answer.body).not.toContain('userdata-');
    expect(await metric(/_events_total\{.*outcome="rejected".*\}/)).toBe(0);
    expect(await metric(/mobility_logons_total\{.*outcome="accepted".*\}/)).toBe(0);
  });

  it('one whose contact-me-uri is a service of this machine: it is never called, and that is told', async () => {
    let calls = 0;
    const victim = createServer((socket) => {
      calls += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(victim, 'listening');
    // A server that listens on TCP has an address with a port.
    const { port } = victim.address() as AddressInfo;
    const macAddress = '00:1A:E8:79:00:02';
    const contactMeUri = `http://127.0.0.1:${port}/contact_dls.html/ContactDLS`;
    const liar = new VirtualPhone({ url: endpoints.phones, macAddress, contactMeUri, e164: '4989100901' });
    await liar.boot();
    const device = `${POLICY}/devices/001ae8790002`;
    const body = { kind: 'read', items: [{ name: 'sntp-addr' }], contact: true };
    expect((await post(`${device}/orders`, body)).status).toBe(201);
    await until('an attempt', 60_000, async () => {
      return (await metric(/gateway_contact_attempts_total\{.*outcome="not-allowed".*\}/)) > 0;
    });
    expect(calls).toBe(0);
    await liar.close();
    victim.close();
  }, 90_000);
});

const LOGIN: RequestOptions = {
  method: 'POST',
  path: '/DeploymentService/LoginService',
  headers: { 'content-type': 'text/xml' },
};

function startUp(
  items: readonly { readonly name: string; readonly index?: number; readonly value?: string }[],
  reason: 'start-up' | 'inventory-changes' = 'start-up',
): string {
  const all = [{ name: 'mac-addr', value: PLAIN_MAC }, ...items.map((item) => ({ value: '', ...item }))];
  return encodeWorkpointMessage({ kind: 'workpoint', nonce: randomUUID(), fragment: 'final', reason, items: all });
}

/** A request as it comes from the network of the phones. */
function toPhones(
  options: RequestOptions,
  body = '',
  url = endpoints.phones,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(url), { agent: false, rejectUnauthorized: false, ...options }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function post(url: string, body: unknown): Promise<Response> {
  return api.request('POST', url, JSON.stringify(body));
}

/** Answered with this status and code, and counted by the status. */
async function refused(status: number, code: string, call: () => Promise<Response>, what = ''): Promise<void> {
  const counted = new RegExp(`http_requests_total\\{.*status="${status}"\\}`);
  const before = await metric(counted);
  const answer = await call();
  const body = (await answer.json()) as { code: string };
  expect([what, answer.status, body.code]).toEqual([what, status, code]);
  expect(await metric(counted)).toBeGreaterThan(before);
}

/** The sum of the metrics whose name and labels match. */
async function metric(pattern: RegExp): Promise<number> {
  const text = await (await api.request('GET', '/metrics')).text();
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#') && pattern.test(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

function many(count: number, value?: string, name = 'item'): { name: string; index: number; value?: string }[] {
  return Array.from({ length: count }, (_, index) => ({ name, index, ...(value === undefined ? {} : { value }) }));
}

function profile(name: string): unknown {
  return { password: 'abcd', items: [{ name, value: '1234' }] };
}
