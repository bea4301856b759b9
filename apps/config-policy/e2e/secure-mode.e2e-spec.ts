import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { CertificateAuthority, open, splitPem, type KeyAndCertificate } from '@opendls/crypto';
import {
  DEVICE_DIRECTIVE_TOPIC,
  sealContext,
  type AnyEvent,
  type ContactOpened,
  type DeviceDirective,
} from '@opendls/event-contracts';
import forge from 'node-forge';
import { DataSource } from 'typeorm';
import { eventually, orderOf, sealingKeys, type Order } from '../test/harness.js';
import { PhoneDouble } from '../test/phone-double.js';
import { serveConfigPolicy, type ServedConfigPolicy } from '../test/served-config-policy.js';

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;

type Body = Readonly<Record<string, unknown>>;
type Connection = ContactOpened['connection'];

let served: ServedConfigPolicy;
let sql: DataSource;
let authority: KeyAndCertificate;
let now = Date.now();
let phones = 0;

beforeAll(async () => {
  authority = await CertificateAuthority.create({ commonName: 'test CA', days: 7300, keyBits: 2048 });
  served = await serveConfigPolicy(() => ({
    clock: () => new Date(now),
    security: {
      authority,
      securePhonePort: 28_444,
      clientCertificateDays: 365,
      renewBeforeDays: 30,
      bootstrapTimeoutMs: 60_000,
    },
  }));
  sql = await new DataSource({ type: 'postgres', url: served.database.url }).initialize();
}, 60_000);
beforeEach(() => {
  now = Date.now();
});
afterAll(async () => {
  await sql.destroy();
  await served.close();
});

async function call(
  method: string,
  url: string,
  role: keyof ServedConfigPolicy['keys'] = 'operator',
  json?: unknown,
): Promise<{ readonly status: number; readonly body: Body; readonly text: string; readonly type: string }> {
  const headers: Record<string, string> = { authorization: `Bearer ${served.keys[role]}` };
  if (json !== undefined) headers['content-type'] = 'application/json';
  const body = json === undefined ? undefined : JSON.stringify(json);
  const response = await fetch(`${served.base}${url}`, { method, headers, body });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, text, type, body: type.includes('json') ? (JSON.parse(text) as Body) : {} };
}

/** A phone that has been seen, and is in no contact. */
async function aPhone(): Promise<PhoneDouble> {
  phones += 1;
  const phone = new PhoneDouble(served.gateway, `001ae8${String(phones).padStart(6, '0')}`);
  await phone.contact();
  await served.gateway.settled();
  return phone;
}

async function secureMode(phone: PhoneDouble): Promise<Body> {
  return (await call('GET', `devices/${phone.deviceId}/secure-mode`)).body;
}

function hasMode(phone: PhoneDouble, mode: string): Promise<Body> {
  return eventually(`${phone.deviceId} ${mode}`, async () => {
    const seen = await secureMode(phone);
    return seen['state'] === mode ? seen : undefined;
  });
}

function certificatesOf(body: Body): readonly Record<string, string>[] {
  return body['certificates'] as readonly Record<string, string>[];
}

/** Asked, and the certificate is made: its order waits for the phone. */
async function requested(phone: PhoneDouble): Promise<void> {
  expect((await call('POST', `devices/${phone.deviceId}/secure-mode`)).status).toBe(202);
  await orderWaits(phone, 'secure-mode');
}

async function orderWaits(phone: PhoneDouble, kind: string): Promise<void> {
  await eventually(`an order ${kind}`, async () => {
    const { items } = (await call('GET', `devices/${phone.deviceId}/orders`)).body;
    return (items as readonly Body[]).find((one) => one['kind'] === kind && one['state'] === 'pending');
  });
}

function secureConnection(serialNumber: string, days = 365): { connection: Connection } {
  const notAfter = new Date(now + days * DAY_MS).toISOString();
  const clientCertificate = { serialNumber, notAfter };
  return {
    connection: {
      remoteAddress: '192.0.2.31',
      listener: 'secure',
      tlsVersion: null,
      tlsCipher: null,
      clientCertificate,
    },
  };
}

/** What the phone finds in the one message. */
function unpack(phone: PhoneDouble, order: Order): { values: Map<string, string>; certificate: forge.pki.Certificate } {
  const [step] = order.steps;
  if (order.steps.length !== 1 || step?.kind !== 'write-items') throw new Error('not one message');
  const values = new Map(
    step.items.map((item) => {
      const key = 'index' in item && item.index !== undefined ? `${item.name}[${item.index}]` : item.name;
      if ('sealed' in item) return [key, open(sealingKeys, item.sealed, sealContext(phone.deviceId, key))];
      return [key, 'value' in item ? item.value : ''];
    }),
  );
  const der = forge.util.decode64(values.get('dls-client-certificate') ?? '');
  const bagType = forge.pki.oids['certBag'] ?? '';
  const bags = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(der), '').getBags({ bagType })[bagType];
  const certificate = bags?.[0]?.cert;
  if (certificate === undefined) throw new Error('no certificate');
  return { values, certificate };
}

/** The whole way; returns the serial number. */
async function secured(phone: PhoneDouble): Promise<string> {
  await requested(phone);
  const order = orderOf(await phone.open());
  await phone.play(order);
  await phone.close('completed');
  const serialNumber = certificatesOf(await hasMode(phone, 'bootstrapping'))[0]?.['serialNumber'] ?? '';
  await phone.contact(secureConnection(serialNumber));
  await hasMode(phone, 'secure');
  return serialNumber;
}

function directiveOf(phone: PhoneDouble): DeviceDirective | undefined {
  type Directive = Extract<AnyEvent, { type: 'opendls.config-policy.device-directive-changed' }>;
  const events = served.gateway.events<Directive>(DEVICE_DIRECTIVE_TOPIC.name);
  return events.filter(({ data }) => data.deviceId === phone.deviceId).at(-1)?.data;
}

function hasDirective(phone: PhoneDouble, wanted: Partial<DeviceDirective>): Promise<DeviceDirective> {
  return eventually('a directive', () => {
    const directive = directiveOf(phone);
    const isWanted = Object.entries(wanted).every(
      ([name, value]) => JSON.stringify(directive?.[name as keyof DeviceDirective]) === JSON.stringify(value),
    );
    return isWanted ? directive : undefined;
  });
}

describe('a phone that is asked into Secure Mode', () => {
  it('gets all of it in one message, comes with its certificate, and is not believed without it any more', async () => {
    const phone = await aPhone();
    await requested(phone);
    const order = orderOf(await phone.open());
    expect(order.kind).toBe('secure-mode');
    const { values, certificate } = unpack(phone, order);
    expect([...values.keys()]).toEqual([
      'goto-secure-mode',
      'dls-client-certificate',
      'dls-server-ca[0]',
      'dls-server-ca[1]',
      'dls-secure-port',
    ]);
    expect(values.get('goto-secure-mode')).toBe('nopin');
    expect(values.get('dls-secure-port')).toBe('28444');
    expect(splitPem(values.get('dls-server-ca[0]') ?? '')).toEqual(splitPem(authority.cert));
    expect(values.get('dls-server-ca[1]')).toBe('');
    expect(certificate.subject.getField('CN')).toMatchObject({ value: phone.deviceId });
    const serialNumber = certificate.serialNumber;

    // The contact in which it accepts ends at once, whatever else is to be done.
    expect((await phone.play(order)).type).toBe('opendls.config-policy.no-work');
    await phone.close('completed');
    const waiting = await hasMode(phone, 'bootstrapping');
    expect(waiting).toMatchObject({ requiresSecureMode: false });
    expect(certificatesOf(waiting)).toMatchObject([{ serialNumber, state: 'issued' }]);

    await phone.contact(secureConnection(serialNumber));
    const secure = await hasMode(phone, 'secure');
    expect(secure).toMatchObject({ requiresSecureMode: true, listener: 'secure', failureCode: null });
    expect(certificatesOf(secure)).toMatchObject([{ serialNumber, state: 'active' }]);
    await hasDirective(phone, { requiresSecureMode: true, revokedCertificates: [] });

    const answer = await phone.open({ device: { ...phone.opening().device, softwareVersion: 'V9 R9.9.9' } });
    expect(answer.type).toBe('opendls.config-policy.no-work');
    await served.gateway.settled();
    expect(await secureMode(phone)).toMatchObject({ refusedOpenings: 1, listener: 'secure' });
    const { body } = await call('GET', `devices/${phone.deviceId}`);
    expect(body['softwareVersion']).not.toBe('V9 R9.9.9');
  });

  it('keeps key and certificate from everybody but gateways, and forgets them when the order is closed', async () => {
    const phone = await aPhone();
    await requested(phone);
    const order = orderOf(await phone.open());
    const packed = unpack(phone, order).values.get('dls-client-certificate') ?? '';
    await phone.play(order);
    await phone.close('completed');
    await hasMode(phone, 'bootstrapping');
    const orders = await call('GET', `devices/${phone.deviceId}/orders`);
    expect(orders.text).not.toContain('v1.test.');
    const tables = await Promise.all(
      ['work_order', 'device_certificate', 'device_security', 'device_report', 'device'].map((table) =>
        sql.query(`SELECT row_to_json(t)::text AS row FROM ${table} t WHERE device_id = $1`, [phone.deviceId]),
      ),
    );
    const stored = JSON.stringify(tables);
    expect(stored).toContain('dls-client-certificate');
    expect(stored).not.toContain('v1.test.');
    for (const place of [stored, orders.text, served.lines.join('')]) expect(place).not.toContain(packed.slice(0, 40));
  });

  it('waits while the phone is busy, and counts as failed when the phone refuses', async () => {
    const phone = await aPhone();
    await requested(phone);
    const order = orderOf(await phone.open());
    await stepEnds(phone, order, 'busy');
    await phone.close('busy');
    await served.gateway.settled();
    expect(await secureMode(phone)).toMatchObject({ state: 'requested' });
    const again = orderOf(await phone.open());
    expect(again.orderId).toBe(order.orderId);
    await stepEnds(phone, again, 'accepted', [{ name: 'goto-secure-mode', status: 'not-supported' }]);
    expect(await hasMode(phone, 'failed')).toMatchObject({ failureCode: 'items-refused', requiresSecureMode: false });
  });

  it('counts as failed when it does not come in time, may go on as before, and is welcome later', async () => {
    const phone = await aPhone();
    await requested(phone);
    await phone.play(orderOf(await phone.open()));
    await phone.close('completed');
    const serial = certificatesOf(await hasMode(phone, 'bootstrapping'))[0]?.['serialNumber'] ?? '';
    now += 61_000;
    expect(await hasMode(phone, 'failed')).toMatchObject({ failureCode: 'not-seen-on-secure-listener' });
    expect(served.lines.join('')).toContain('not-seen-on-secure-listener');
    expect(await phone.contact()).not.toContain('secure-mode');
    await phone.contact(secureConnection(serial));
    await hasMode(phone, 'secure');
  });

  it('is not sent there again when its answer was lost and it comes with the certificate', async () => {
    const phone = await aPhone();
    await requested(phone);
    const serialNumber = unpack(phone, orderOf(await phone.open())).certificate.serialNumber;
    expect(await phone.contact(secureConnection(serialNumber))).not.toContain('secure-mode');
    await hasMode(phone, 'secure');
    const { items } = (await call('GET', `devices/${phone.deviceId}/orders`)).body;
    expect((items as readonly Body[]).find(({ kind }) => kind === 'secure-mode')).toMatchObject({
      state: 'superseded',
    });
  });
});

describe('a phone in Secure Mode', () => {
  it('gets a new certificate before the old one ends, without being sent there again', async () => {
    const phone = await aPhone();
    const old = await secured(phone);
    now += 340 * DAY_MS;
    await orderWaits(phone, 'certificate-renewal');
    const order = orderOf(await phone.open(secureConnection(old, 25)));
    const { values, certificate } = unpack(phone, order);
    expect([...values.keys()]).toEqual(['dls-client-certificate', 'dls-server-ca[0]', 'dls-server-ca[1]']);
    expect(certificate.serialNumber).not.toBe(old);
    await phone.play(order);
    await phone.close('completed');
    await phone.contact(secureConnection(certificate.serialNumber));
    const states = await eventually('the old one superseded', async () => {
      const all = certificatesOf(await secureMode(phone)).map(({ state }) => state);
      return all[0] === 'active' ? all : undefined;
    });
    expect(states).toEqual(['active', 'superseded']);
    await hasDirective(phone, { requiresSecureMode: true, revokedCertificates: [] });
  });

  it('is refused with a certificate that was revoked, and comes back after a reset', async () => {
    const phone = await aPhone();
    const serial = await secured(phone);
    const url = `devices/${phone.deviceId}/certificates/${serial.toUpperCase()}/revoke`;
    expect((await call('POST', url, 'operator', { reason: 'stolen' })).status).toBe(403);
    const revoked = await call('POST', url, 'admin', { reason: 'stolen' });
    expect(revoked.body).toMatchObject({ serialNumber: serial, state: 'revoked', revokedReason: 'stolen' });
    await hasDirective(phone, { requiresSecureMode: true, revokedCertificates: [serial] });
    expect((await phone.open(secureConnection(serial))).type).toBe('opendls.config-policy.no-work');
    await served.gateway.settled();
    expect(await secureMode(phone)).toMatchObject({ refusedOpenings: 1 });

    expect((await call('POST', `devices/${phone.deviceId}/secure-mode/reset`, 'operator')).status).toBe(403);
    expect((await call('POST', `devices/${phone.deviceId}/secure-mode/reset`, 'admin')).body).toMatchObject({
      state: 'default',
      requiresSecureMode: false,
    });
    await hasDirective(phone, { requiresSecureMode: false, revokedCertificates: [serial] });
    await phone.contact();
    expect(
      await eventually('seen', async () => ((await secureMode(phone))['listener'] === 'default' ? true : undefined)),
    ).toBe(true);
  });

  it('is taken back into Secure Mode by a certificate of ours that the database lost', async () => {
    const phone = await aPhone();
    const serial = '4'.repeat(32);
    await phone.contact(secureConnection(serial));
    expect(certificatesOf(await hasMode(phone, 'secure'))).toMatchObject([{ serialNumber: serial, state: 'active' }]);
  });

  it('cannot be asked again', async () => {
    const phone = await aPhone();
    await requested(phone);
    const ask = (): ReturnType<typeof call> => call('POST', `devices/${phone.deviceId}/secure-mode`);
    expect(await ask()).toMatchObject({ status: 409, body: { code: 'secure-mode-under-way' } });
    const serial = unpack(phone, orderOf(await phone.open())).certificate.serialNumber;
    await phone.contact(secureConnection(serial));
    await hasMode(phone, 'secure');
    expect(await ask()).toMatchObject({ status: 409, body: { code: 'secure-mode-reached' } });
    expect(await call('POST', 'devices/001ae8ffffff/secure-mode')).toMatchObject({ status: 404 });
  });
});

describe('a certificate that is revoked before the phone has it', () => {
  it('is not sent', async () => {
    const phone = await aPhone();
    await requested(phone);
    const [certificate] = certificatesOf(await secureMode(phone));
    await call('POST', `devices/${phone.deviceId}/certificates/${certificate?.['serialNumber']}/revoke`, 'admin');
    expect(await phone.contact()).not.toContain('secure-mode');
    expect(await secureMode(phone)).toMatchObject({ state: 'failed', failureCode: 'certificate-revoked' });
  });
});

describe('the fleet', () => {
  it('is asked by model and version, and shows how far it is', async () => {
    const some = await Promise.all([aPhone(), aPhone(), aPhone()]);
    const facts = { ...some[0]?.opening().device, deviceType: 'OpenScape CP_200%', softwareVersion: 'V1 R4.2.0' };
    for (const phone of some)
      await phone.contact({ device: { ...phone.opening().device, ...facts, macAddress: null } });
    expect((await call('POST', 'security/roll-outs', 'operator', {})).status).toBe(400);
    const wanted = { deviceType: 'openscape cp_200%', softwareVersion: 'V1 R?.2.*', limit: 2 };
    const started = await call('POST', 'security/roll-outs', 'operator', wanted);
    expect(started).toMatchObject({ status: 202, body: { deviceCount: 2, progress: { requested: 2 } } });
    const url = `security/roll-outs/${String(started.body['rollOutId'])}`;
    for (const phone of some) {
      await eventually('a certificate', async () => {
        const seen = await secureMode(phone);
        return seen['state'] === 'default' || certificatesOf(seen).length > 0 ? true : undefined;
      });
    }
    await eventually('orders', async () => {
      for (const phone of some) await phone.contact();
      return JSON.stringify((await call('GET', url)).body['progress']) === '{"bootstrapping":2}' ? true : undefined;
    });
    expect(await call('GET', `security/roll-outs/${randomUUID()}`)).toMatchObject({ status: 404 });
    const second = await call('POST', 'security/roll-outs', 'operator', {
      deviceIds: some.map(({ deviceId }) => deviceId),
    });
    expect(second.body).toMatchObject({ deviceCount: 1 });
  });

  it('is reported: counts, pages of phones that are not there, and all of them as CSV', async () => {
    const odd = await aPhone();
    await odd.contact({ device: { ...odd.opening().device, deviceType: '=cmd|"x"' } });
    const secure = await aPhone();
    await secured(secure);
    await served.gateway.settled();
    const first = (await call('GET', 'security/report?limit=2', 'viewer')).body;
    const byState = first['byState'] as Record<string, number>;
    expect(Object.values(byState).reduce((sum, count) => sum + count, 0)).toBe(first['devices']);
    expect(byState['secure']).toBeGreaterThanOrEqual(1);
    expect((first['byListener'] as Record<string, number>)['secure']).toBeGreaterThanOrEqual(1);
    expect(first['items']).toHaveLength(2);
    const seen = new Set<string>();
    let query = '';
    for (let isLast = false; !isLast;) {
      const page = (await call('GET', `security/report?limit=3${query}`)).body;
      for (const item of page['items'] as readonly Body[]) seen.add(String(item['deviceId']));
      const next = page['nextCursor'];
      isLast = typeof next !== 'string';
      query = typeof next === 'string' ? `&cursor=${next}` : '';
    }
    expect(seen.size).toBe(Number(first['devices']) - (byState['secure'] ?? 0));
    expect(seen).not.toContain(secure.deviceId);
    const csv = await fetch(`${served.base}security/report`, {
      headers: { authorization: `Bearer ${served.keys.viewer}`, accept: 'text/csv' },
    });
    expect(csv.headers.get('content-type')).toContain('text/csv');
    const rows = (await csv.text()).trimEnd().split('\r\n');
    expect(rows[0]).toMatch(/^deviceId,state,/);
    expect(rows).toHaveLength(seen.size + 1);
    expect(rows.find((row) => row.startsWith(odd.deviceId))).toContain(`"'=cmd|""x"""`);
  });

  it('gets the certificate of the authority from the API', async () => {
    const { text, type } = await call('GET', 'security/ca.pem', 'viewer');
    expect(type).toContain('application/x-pem-file');
    expect(splitPem(text)).toEqual(splitPem(authority.cert));
  });
});

describe('items of Secure Mode', () => {
  it.each(['goto-secure-mode', 'secure-mode-data', 'dls-client-certificate'])(
    'refuses a policy and an order with %s',
    async (name) => {
      const phone = await aPhone();
      const item = name === 'goto-secure-mode' ? { name, value: 'nopin' } : { name, value: 'MIIB' };
      const order = { kind: 'write', items: [item] };
      const written = await call('POST', `devices/${phone.deviceId}/orders`, 'admin', order);
      expect(written.status).toBe(400);
      expect(written.text).toContain('reserved-item');
      const document = {
        apiVersion: 'opendls/v1',
        kind: 'Policy',
        metadata: { name: 'wrong' },
        spec: { items: [name === 'goto-secure-mode' ? { name, value: 'nopin' } : { name, secretRef: 'a/b' }] },
      };
      const { status, text } = await call('PUT', 'policies/wrong', 'operator', document);
      expect(status).toBe(400);
      expect(text).toContain('reserved-item');
    },
  );
});

async function stepEnds(
  phone: PhoneDouble,
  order: Order,
  outcome: 'busy' | 'accepted',
  refusedItems: { name: string; status: string }[] = [],
): Promise<void> {
  const eventId = await served.gateway.publish('opendls.gateway.step-completed', {
    contactId: phone.contactId,
    deviceId: order.deviceId,
    orderId: order.orderId,
    attempt: order.attempt,
    stepIndex: 0,
    kind: 'write-items',
    part: 0,
    outcome,
    isStepFinished: outcome === 'accepted',
    isOrderFinished: outcome === 'accepted',
    writtenItems: null,
    refusedItems,
    awaitingWork: true,
  });
  await served.gateway.answerTo(eventId);
}
