import { jest } from '@jest/globals';
import { CONTACT_REQUEST_TOPIC } from '@opendls/event-contracts';
import { openDataSource } from '@opendls/postgres';
import { databaseOptions } from '../src/data-source.js';
import { eventually, orderOf } from '../test/harness.js';
import { PhoneDouble } from '../test/phone-double.js';
import { serveConfigPolicy, type ServedConfigPolicy } from '../test/served-config-policy.js';

jest.setTimeout(30_000);

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // What an API answers is looked at with matchers only.
  readonly body: Record<string, unknown> & { readonly items?: readonly Record<string, unknown>[] };
}

let served: ServedConfigPolicy;
let phones = 0;

beforeAll(async () => {
  served = await serveConfigPolicy(() => ({
    settings: { maintenanceIntervalMs: 50, maxOpenRequests: 3, factoryResetSecret: 'phones/reset' },
  }));
}, 30_000);
afterAll(async () => {
  await served.close();
});

async function call(
  method: string,
  url: string,
  json?: unknown,
  {
    role = 'operator',
    headers = {},
  }: { role?: keyof ServedConfigPolicy['keys']; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const response = await fetch(`${served.base}${url}`, {
    method,
    headers: {
      authorization: `Bearer ${served.keys[role]}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const answer = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (answer === '' ? {} : JSON.parse(answer)) as Reply['body'],
  };
}

/** A phone that has been here and has nothing to do. */
async function aPhone(): Promise<{ phone: PhoneDouble; orders: string }> {
  const deviceId = `001ae80060${String(++phones).padStart(2, '0')}`;
  const phone = new PhoneDouble(served.gateway, deviceId, { 'sntp-addr': 'old', 'display-id-unicode': '' });
  await phone.contact({ configurationChanged: true });
  await served.gateway.settled();
  return { phone, orders: `devices/${deviceId}/orders` };
}

const NTP = { kind: 'write', items: [{ name: 'sntp-addr', value: 'ntp.example.org' }] };

describe('an order', () => {
  it('is made, done by the phone, and tells what it answered', async () => {
    const { phone, orders } = await aPhone();
    const created = await call('POST', orders, { kind: 'read', items: [{ name: 'sntp-addr' }, { name: 'sip-pwd' }] });
    expect(created).toMatchObject({ status: 201, body: { kind: 'read', origin: 'request', state: 'pending' } });
    const location = created.headers.get('location') ?? '';
    expect(location).toBe(`/config-policy/v1/${orders}/${String(created.body['orderId'])}`);
    phone.items.set('sip-pwd', { name: 'sip-pwd', value: 'geheim4711' });
    expect(await phone.contact({}, 'opendls.gateway.device-solicited')).toEqual(['read']);
    await served.gateway.settled();
    const read = await call('GET', location.replace('/config-policy/v1/', ''), undefined, { role: 'viewer' });
    expect(read).toMatchObject({
      status: 200,
      body: {
        state: 'done',
        answers: [
          { name: 'sntp-addr', value: 'old' },
          { name: 'sip-pwd', secret: true },
        ],
        steps: [{ kind: 'read-items', results: [{ outcome: 'accepted' }] }],
      },
    });
    expect(JSON.stringify(read.body)).not.toContain('geheim4711');
  });

  it('writes, several of them in their order, in one contact', async () => {
    const { phone, orders } = await aPhone();
    await call('POST', orders, NTP);
    await call('POST', orders, { kind: 'write', items: [{ name: 'sntp-addr', value: 'later.example.org' }] });
    expect(await phone.contact({}, 'opendls.gateway.device-solicited')).toEqual(['write', 'write']);
    expect(phone.writes).toEqual(['sntp-addr=ntp.example.org', 'sntp-addr=later.example.org']);
    await served.gateway.settled();
    const list = await call('GET', `${orders}?kind=write&state=done`);
    expect(list.body.items).toHaveLength(2);
    expect((await call('GET', `${orders}?kind=write&state=pending`)).body.items).toEqual([]);
  });

  it('is the same order for the same Idempotency-Key and body, and a conflict for another body', async () => {
    const { orders } = await aPhone();
    const headers = { 'idempotency-key': 'change-4711' };
    const [first, second] = await Promise.all([
      call('POST', orders, NTP, { headers }),
      call('POST', orders, NTP, { headers }),
    ]);
    expect([first.status, second.status].sort()).toEqual([200, 201]);
    expect(second.body['orderId']).toBe(first.body['orderId']);
    const reordered = { items: [{ value: 'ntp.example.org', name: 'sntp-addr' }], kind: 'write' };
    expect(await call('POST', orders, reordered, { headers })).toMatchObject({ status: 200 });
    const other = await call('POST', orders, { kind: 'restart' }, { headers });
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency-key-reused' } });
    const elsewhere = await aPhone();
    expect((await call('POST', elsewhere.orders, NTP, { headers })).status).toBe(201);
    const odd = await call('POST', orders, NTP, { headers: { 'idempotency-key': 'a b' } });
    expect(odd).toMatchObject({ status: 400, body: { code: 'idempotency-key-invalid' } });
  });

  it('is refused with every problem and its place, without the values', async () => {
    const { orders } = await aPhone();
    const items = [
      { name: 'sntp-addr', value: 'x'.repeat(5_000) },
      { name: 'function-key-def', value: '1' },
      { name: 'sip-pwd', secretRef: 'not/there' },
      { name: 'device-type', value: 'OpenStage' },
    ];
    const refused = await call('POST', orders, { kind: 'write', items });
    expect(refused).toMatchObject({ status: 400, body: { code: 'order-invalid' } });
    const errors = refused.body['errors'] as readonly { path: string; code: string }[];
    expect(errors.map(({ path: place }) => place)).toEqual(
      expect.arrayContaining(['items[1].index', 'items[2].secretRef', 'items[3].name']),
    );
    for (const body of [{ kind: 'nonsense' }, { kind: 'restart', extra: 1 }, { kind: 'read', items: [] }]) {
      expect(await call('POST', orders, body)).toMatchObject({ status: 400, body: { code: 'order-invalid' } });
    }
    expect((await call('POST', orders, { contact: true })).body).toMatchObject({ code: 'validation-failed' });
    const unknown = await call('POST', orders, { kind: 'write', items: [{ name: 'brand-new-item', value: '1' }] });
    expect(unknown).toMatchObject({
      status: 201,
      body: { warnings: [{ path: 'items[0].name', code: 'unknown-item' }] },
    });
  });

  it('is only for known phones, and only operators make it', async () => {
    expect(await call('POST', 'devices/001ae8ffffff/orders', NTP)).toMatchObject({
      status: 404,
      body: { code: 'device-not-found' },
    });
    const { orders } = await aPhone();
    expect((await call('POST', orders, NTP, { role: 'viewer' })).status).toBe(403);
    const missing = `${orders}/6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22`;
    expect(await call('GET', missing)).toMatchObject({ status: 404, body: { code: 'order-not-found' } });
    expect(await call('GET', `${orders}/nonsense`)).toMatchObject({ status: 404, body: { code: 'order-not-found' } });
  });

  it('can be called off while it waits; a phone can only have so many', async () => {
    const { phone, orders } = await aPhone();
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push(String((await call('POST', orders, NTP)).body['orderId']));
    expect(await call('POST', orders, NTP)).toMatchObject({ status: 409, body: { code: 'too-many-open-orders' } });
    expect((await call('DELETE', `${orders}/${ids[2]}`)).status).toBe(204);
    expect((await call('GET', `${orders}/${ids[2]}`)).body).toMatchObject({ state: 'cancelled' });
    expect(await call('DELETE', `${orders}/${ids[2]}`)).toMatchObject({
      status: 409,
      body: { code: 'order-not-cancellable' },
    });
    await phone.open({}, 'opendls.gateway.device-solicited');
    expect((await call('DELETE', `${orders}/${ids[0]}`)).status).toBe(409);
    expect((await call('POST', orders, NTP)).status).toBe(201);
  });

  it('wakes the phone at once where it is asked to', async () => {
    const { phone, orders } = await aPhone();
    await call('POST', orders, { kind: 'restart', contact: true });
    const request = await eventually('a contact request', () =>
      served.gateway.events(CONTACT_REQUEST_TOPIC.name).find(({ subject }) => subject === phone.deviceId),
    );
    expect(request.data).toMatchObject({ deviceId: phone.deviceId, attempt: 1 });
    const shown = await call('GET', `devices/${phone.deviceId}`, undefined, { role: 'viewer' });
    expect(shown.body['contact']).toMatchObject({ attempts: 1, lastOutcome: null });
  });
});

describe('secrets of orders', () => {
  it('reach the phone, and nobody else', async () => {
    const { phone, orders } = await aPhone();
    await call('PUT', 'secrets/phones/reset', { value: 'vendor-constant' });
    const pkcs12 = Buffer.from([0x30, 0x82, 1, 2, 3, 4, 5, 6]).toString('base64');
    const bodies = [
      { kind: 'write', items: [{ name: 'sip-pwd', value: 'geheim4711' }] },
      { kind: 'certificate', item: 'wbm-server-certificate', pkcs12 },
      { kind: 'factory-reset' },
    ];
    const answers = [];
    for (const body of bodies)
      answers.push(await call('POST', orders, body, { headers: { 'idempotency-key': body.kind } }));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    const kinds: string[] = [];
    let answer = await phone.open({}, 'opendls.gateway.device-solicited');
    while (answer.type === 'opendls.config-policy.work-order-issued' && kinds.length < 3) {
      kinds.push(orderOf(answer).kind);
      if (answer.data.kind === 'factory-reset') break;
      answer = await phone.play(orderOf(answer));
    }
    expect(kinds).toEqual(['write', 'certificate', 'factory-reset']);
    expect(phone.valueOf('sip-pwd')).toBe('geheim4711');
    expect(phone.valueOf('wbm-server-certificate')).toBe(pkcs12);

    const dataSource = await openDataSource(databaseOptions(served.database.url, served.logger));
    const stored: unknown = await dataSource.query('SELECT * FROM work_order');
    const outbox: unknown = await dataSource.query('SELECT * FROM outbox');
    await dataSource.destroy();
    const texts = JSON.stringify([stored, outbox, answers, (await call('GET', orders)).body, served.lines]);
    for (const secret of ['geheim4711', 'vendor-constant', pkcs12]) expect(texts).not.toContain(secret);
  });

  it('of a factory reset must be given or configured', async () => {
    const { orders } = await aPhone();
    await call('DELETE', 'secrets/phones/reset');
    expect(await call('POST', orders, { kind: 'factory-reset' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'secretRef', code: 'secret-missing' }] },
    });
    expect((await call('POST', orders, { kind: 'factory-reset', password: 'vendor-constant' })).status).toBe(201);
  });
});

describe('files and firmware', () => {
  it('are named by a server of the customer, with what the protocol needs', async () => {
    const { phone, orders } = await aPhone();
    const ftp = { server: '192.0.2.10', username: 'phones', password: 'ftp-geheim', path: '/logos', name: 'logo.png' };
    const created = await call('POST', orders, { kind: 'file', files: [{ ftp, type: 'LOGO' }] });
    expect(created).toMatchObject({
      status: 201,
      body: { parameters: { files: [{ type: 'LOGO', action: 'deploy' }] } },
    });
    expect(JSON.stringify(created.body)).not.toContain('ftp-geheim');
    const order = orderOf(await phone.open({}, 'opendls.gateway.device-solicited'));
    expect(order.steps).toMatchObject([
      {
        kind: 'file-deployment',
        items: [
          { name: 'file-server', value: '192.0.2.10' },
          { name: 'file-port', value: '21' },
          { name: 'file-username', value: 'phones' },
          { name: 'file-pwd' },
          { name: 'file-path', value: '/logos' },
          { name: 'file-name', value: 'logo.png' },
          { name: 'file-type', value: 'LOGO' },
        ],
      },
    ]);
  });

  it('several files and deletions are indexed', async () => {
    const { phone, orders } = await aPhone();
    const files = [
      { url: 'https://files.example.org/logos/logo.png?token=geheim', type: 'LOGO' },
      { name: 'old.mp3', type: 'RINGTONE', action: 'delete' },
    ];
    const created = await call('POST', orders, { kind: 'file', files });
    expect(JSON.stringify(created.body)).not.toContain('geheim');
    const order = orderOf(await phone.open({}, 'opendls.gateway.device-solicited'));
    expect(order.steps[0]).toMatchObject({
      items: [
        // The query may hold a password.
        { name: 'file-https-base-url', index: 1, sealed: expect.stringMatching(/^v1\./) as string },
        { name: 'file-type', index: 1, value: 'LOGO' },
        { name: 'file-action', index: 1, value: 'deploy' },
        { name: 'file-name', index: 2, value: 'old.mp3' },
        { name: 'file-type', index: 2, value: 'RINGTONE' },
        { name: 'file-action', index: 2, value: 'delete' },
      ],
    });
  });

  it('firmware says its version in the form of the manual; what the store does not have is refused', async () => {
    const { phone, orders } = await aPhone();
    const url = 'https://files.example.org/os60.img';
    const body = { kind: 'firmware', url, version: 'V3 R6.1.0', softwareType: 'Siemens SIP' };
    expect((await call('POST', orders, body)).status).toBe(201);
    const order = orderOf(await phone.open({}, 'opendls.gateway.device-solicited'));
    expect(order.steps).toEqual([
      {
        kind: 'software-deployment',
        items: [
          { name: 'file-https-base-url', value: url },
          { name: 'file-type', value: 'APP' },
          { name: 'file-priority', value: 'normal' },
          { name: 'file-sw-type', value: 'Siemens SIP' },
          { name: 'file-sw-version', value: '3.6.1.0' },
        ],
      },
    ]);
    for (const missing of [
      { kind: 'firmware', name: 'no.img' },
      { kind: 'file', files: [{ name: 'no.png' }] },
    ]) {
      const refused = await call('POST', orders, missing);
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ code: 'file-not-found' }] } });
    }
    const both = { kind: 'firmware', url, name: 'x' };
    expect(await call('POST', orders, both)).toMatchObject({ status: 400, body: { code: 'order-invalid' } });
    expect((await call('POST', orders, { ...body, version: 'newest' })).status).toBe(400);
  });
});

describe('events that come twice, late or out of order', () => {
  async function stateOf(orders: string, created: Reply): Promise<unknown> {
    await served.gateway.settled();
    return (await call('GET', `${orders}/${String(created.body['orderId'])}`)).body['state'];
  }

  it('leave a restart with one effect: sent, verified by the start-up, done', async () => {
    const { phone, orders } = await aPhone();
    const created = await call('POST', orders, { kind: 'restart' });
    const order = orderOf(await phone.open({}, 'opendls.gateway.device-solicited'));
    const ref = { contactId: phone.contactId, deviceId: order.deviceId };
    const sent = {
      ...{ ...ref, orderId: order.orderId, attempt: 1, stepIndex: 0, kind: 'restart' as const, part: 0 },
      ...{
        outcome: 'sent' as const,
        isStepFinished: true,
        isOrderFinished: true,
        writtenItems: null,
        refusedItems: [],
      },
      awaitingWork: false,
    };
    const id = '0d4fdd1e-9f0c-4f67-a7a0-2b8d1c9a6d11';
    // The end of the contact is told by another served.gateway, before what was sent in it.
    await phone.close('completed');
    for (let i = 0; i < 2; i++) await served.gateway.publish('opendls.gateway.step-completed', sent, { id });
    expect(await stateOf(orders, created)).toBe('verifying');
    await served.gateway.publish('opendls.gateway.step-completed', sent);
    expect(await stateOf(orders, created)).toBe('verifying');
    expect(await phone.contact()).toEqual([]);
    expect(await stateOf(orders, created)).toBe('done');
    await served.gateway.publish('opendls.gateway.step-completed', sent);
    expect(await stateOf(orders, created)).toBe('done');
    expect(await phone.contact()).toEqual([]);
  });

  it('give an order whose gateway died to the next contact, with the same content', async () => {
    const { phone, orders } = await aPhone();
    const created = await call('POST', orders, NTP);
    const first = orderOf(await phone.open({}, 'opendls.gateway.device-solicited'));
    const late = { ...phone, contactId: phone.contactId };
    const again = orderOf(await phone.open({}, 'opendls.gateway.device-solicited'));
    expect([again.orderId, again.attempt]).toEqual([first.orderId, 2]);
    expect(again.steps).toEqual(first.steps);
    // The first gateway lives after all: what it tells belongs to an attempt that is over.
    await served.gateway.publish('opendls.gateway.step-completed', {
      ...{ contactId: late.contactId, deviceId: first.deviceId, orderId: first.orderId, attempt: 1, stepIndex: 0 },
      ...{ kind: 'write-items' as const, part: 0, outcome: 'failed' as const, isStepFinished: false },
      ...{ isOrderFinished: false, writtenItems: null, refusedItems: [], awaitingWork: false },
    });
    expect(await stateOf(orders, created)).toBe('offered');
    await phone.play(again);
    expect(await stateOf(orders, created)).toBe('done');
    expect(phone.writes).toEqual(['sntp-addr=ntp.example.org']);
  });
});
