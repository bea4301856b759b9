import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import type { DeviceId } from '@opendls/event-contracts';
import { silentLogger } from '@opendls/logging';
import { openDataSource, UnitOfWork } from '@opendls/postgres';
import type { TestDatabase } from '@opendls/testing-postgres';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { aDocument, aStepCompleted } from '../../test/builders.js';
import { aConfigPolicy, aDatabase, eventually, GatewayDouble, orderOf, sealingKeys } from '../../test/harness.js';
import { PhoneDouble } from '../../test/phone-double.js';
import type { ConfigPolicyPart } from '../create-config-policy.js';
import { databaseOptions } from '../data-source.js';
import { ChangePolicies } from '../policies/change-policies.use-case.js';
import { PoliciesStore } from '../policies/policies.store.js';
import { SecretsService } from '../secrets/secrets.service.js';
import { SecretsStore } from '../secrets/secrets.store.js';

jest.setTimeout(30_000);

let database: TestDatabase;
let dataSource: DataSource;
let gateway: GatewayDouble;
let service: ConfigPolicyPart;
let registry: Registry;

const ITEMS = [
  { name: 'sntp-addr', value: 'ntp.example.org' },
  { name: 'display-id-unicode', value: 'OpenDLS' },
  { name: 'sip-pwd', secretRef: 'sip/{{e164}}' },
];

beforeEach(async () => {
  database = await aDatabase();
  dataSource = await openDataSource(databaseOptions(database.url, silentLogger()));
  gateway = new GatewayDouble();
  registry = new Registry();
  service = await aConfigPolicy(database, gateway.bus, { metrics: registry });
  await service.start();
});
afterEach(async () => {
  await service.stop();
  await dataSource.destroy();
  await database.drop();
});

async function putPolicy(items: readonly Record<string, unknown>[] = ITEMS): Promise<void> {
  const change = new ChangePolicies(new UnitOfWork(dataSource), new PoliciesStore(dataSource), () => new Date(), false);
  await change.save({ name: 'lobby', text: JSON.stringify(aDocument({ items })), format: 'json', by: 'test' });
}

async function putSecret(name: string, value: string): Promise<void> {
  const unitOfWork = new UnitOfWork(dataSource);
  const secrets = new SecretsService(unitOfWork, new SecretsStore(dataSource), sealingKeys, () => new Date());
  await secrets.put(name, value, 'test');
}

async function query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return dataSource.query(sql, parameters);
}

async function orders(): Promise<string[]> {
  const rows = await query<{ kind: string; state: string }>('SELECT kind, state FROM work_order ORDER BY created_at');
  return rows.map(({ kind, state }) => `${kind} ${state}`);
}

async function stateOf(deviceId: string): Promise<string | undefined> {
  await gateway.settled();
  const [row] = await query<{ compliance: string }>('SELECT compliance FROM device WHERE device_id = $1', [deviceId]);
  return row?.compliance;
}

describe('a phone', () => {
  it('is read, configured, and left alone at its second start', async () => {
    await putPolicy();
    await putSecret('sip/4989100231', 'geheim4711');
    const phone = new PhoneDouble(gateway);
    expect(await phone.contact({ configurationChanged: true })).toEqual(['read-all', 'configure']);
    expect(phone.writes.sort()).toEqual([
      'display-id-unicode=OpenDLS',
      'sip-pwd=geheim4711',
      'sntp-addr=ntp.example.org',
    ]);
    expect(await stateOf(phone.deviceId)).toBe('compliant');

    expect(await phone.contact({ configurationChanged: false })).toEqual([]);
    expect(phone.writes).toHaveLength(3);
    expect(await orders()).toEqual(['read-all done', 'configure done']);
  });

  it('leaves no readable secret in the database or on the bus', async () => {
    await putPolicy();
    await putSecret('sip/4989100231', 'geheim4711');
    await new PhoneDouble(gateway).contact({ configurationChanged: true });
    await gateway.settled();
    for (const table of ['secret', 'work_order', 'device', 'device_report', 'outbox', 'policy', 'policy_revision']) {
      const rows = await query<{ text: string }>(`SELECT row_to_json(t)::text AS text FROM ${table} t`);
      expect(rows.filter(({ text }) => text.includes('geheim4711'))).toEqual([]);
    }
    const records = gateway.log.records('config-policy.work-order.v1');
    expect(records.length).toBeGreaterThan(0);
    for (const { value } of records) expect(Buffer.from(value ?? []).toString()).not.toContain('geheim4711');
  });

  it('gets a policy change at its next contact, and a changed secret', async () => {
    await putPolicy();
    await putSecret('sip/4989100231', 'geheim4711');
    const phone = new PhoneDouble(gateway);
    await phone.contact({ configurationChanged: true });
    await putPolicy(ITEMS.map((item) => (item.name === 'sntp-addr' ? { ...item, value: 'ntp2.example.org' } : item)));
    await eventually('the state to follow', async () =>
      (await stateOf(phone.deviceId)) === 'pending' ? true : undefined,
    );
    expect(await phone.contact()).toEqual(['configure']);
    expect(phone.writes.slice(3)).toEqual(['sntp-addr=ntp2.example.org']);

    await putSecret('sip/4989100231', 'neu');
    await eventually('the state to follow', async () =>
      (await stateOf(phone.deviceId)) === 'pending' ? true : undefined,
    );
    expect(await phone.contact()).toEqual(['configure']);
    expect(phone.writes.slice(4)).toEqual(['sip-pwd=neu']);
  });

  it('is configured again after a local change', async () => {
    await putPolicy(ITEMS.slice(0, 2));
    const phone = new PhoneDouble(gateway);
    await phone.contact({ configurationChanged: true });
    phone.items.set('sntp-addr', { name: 'sntp-addr', value: 'user.example.org' });
    const attached = {
      configurationChanged: true,
      itemsAttached: true,
      items: [{ name: 'sntp-addr', value: 'user.example.org' }],
    };
    expect(await phone.contact(attached, 'opendls.gateway.local-changes-reported')).toEqual(['configure']);
    expect(phone.valueOf('sntp-addr')).toBe('ntp.example.org');
    expect(await stateOf(phone.deviceId)).toBe('compliant');
  });

  it('says on the compliance topic how far it is', async () => {
    await putPolicy(ITEMS.slice(0, 2));
    const phone = new PhoneDouble(gateway);
    await phone.contact({ configurationChanged: true });
    await gateway.settled();
    const states = await eventually('compliance', () => {
      const events = gateway.events<never>('config-policy.compliance.v1') as { data: { state: string } }[];
      return events.at(-1)?.data.state === 'compliant' ? events.map(({ data }) => data.state) : undefined;
    });
    expect(states[0]).toBe('pending');
  });
});

describe('fragments', () => {
  it('of a reply without end are not read again for each of them, and given up at its end', async () => {
    await putPolicy(ITEMS.slice(0, 1));
    const phone = new PhoneDouble(gateway);
    const order = orderOf(await phone.open({ configurationChanged: true }));
    const ref = { contactId: phone.contactId, deviceId: phone.deviceId as DeviceId, orderId: order.orderId };
    const items = Array.from({ length: 10 }, (_, n) => ({ name: `blob-${n}`, value: 'x'.repeat(60_000) }));
    for (let fragment = 0; fragment < 9; fragment++) {
      const isFinal = fragment === 8;
      const data = { ...ref, attempt: 1, stepIndex: 0, scope: 'all' as const, fragment, isFinal, items };
      await gateway.publish('opendls.gateway.items-reported', data);
      await gateway.settled();
      if (!isFinal) expect(await query('SELECT 1 FROM report_fragment')).toHaveLength(fragment + 1);
    }
    const answer = await gateway.ask('opendls.gateway.step-completed', { ...aStepCompleted(), ...ref });
    expect(answer.type).toBe('opendls.config-policy.no-work');
    expect(await query('SELECT 1 FROM report_fragment')).toEqual([]);
    const [row] = await query<{ report: Record<string, unknown> }>('SELECT report FROM device_report');
    expect(Object.keys(row?.report ?? {}).filter((name) => name.startsWith('blob-'))).toEqual([]);
    const [stored] = await query<{ state: string; end: string }>(
      'SELECT state, last_attempt_end AS end FROM work_order WHERE order_id = $1',
      [order.orderId],
    );
    expect(stored).toEqual({ state: 'pending', end: 'report-incomplete' });
    expect(await registry.metrics()).toContain('opendls_config_policy_events_total{outcome="oversized"} 1');
  });

  it('are collected in any order, also over a restart', async () => {
    await putPolicy(ITEMS.slice(0, 1));
    const phone = new PhoneDouble(gateway);
    const order = orderOf(await phone.open({ configurationChanged: true }));
    const ref = { contactId: phone.contactId, deviceId: phone.deviceId as DeviceId, orderId: order.orderId };
    const base = { ...ref, attempt: 1, stepIndex: 0, scope: 'all' as const };
    const publish = (fragment: number, isFinal: boolean, name: string, value: string): Promise<string> =>
      gateway.publish('opendls.gateway.items-reported', { ...base, fragment, isFinal, items: [{ name, value }] });
    await publish(1, false, 'display-id-unicode', 'x');
    await publish(0, false, 'sntp-addr', 'ntp.example.org');
    await gateway.settled();
    await service.stop();
    service = await aConfigPolicy(database, gateway.bus);
    await service.start();
    await publish(1, false, 'display-id-unicode', 'x');
    await publish(2, true, 'dhcp', 'true');
    const answer = await gateway.ask('opendls.gateway.step-completed', {
      ...aStepCompleted(),
      ...ref,
    });
    expect(answer.type).toBe('opendls.config-policy.no-work');
    const [row] = await query<{ report: Record<string, unknown> }>('SELECT report FROM device_report');
    expect(Object.keys(row?.report ?? {}).sort()).toEqual(['dhcp', 'display-id-unicode', 'sntp-addr']);
    expect(await query('SELECT 1 FROM report_fragment')).toEqual([]);
  });
});

describe('delivery', () => {
  it('has one effect and one answer however often an event is delivered', async () => {
    await putPolicy();
    const phone = new PhoneDouble(gateway);
    phone.contactId = `contact-${randomUUID()}`;
    const id = randomUUID();
    for (let i = 0; i < 3; i++) {
      await gateway.publish('opendls.gateway.device-started', phone.opening(), { id });
    }
    await gateway.settled();
    expect(await orders()).toEqual(['read-all offered']);
    await gateway.answerTo(id);
    // Another question, so that a second answer to the first one would have been published by now.
    await gateway.ask('opendls.gateway.device-started', phone.opening());
    expect(gateway.answersTo(id)).toHaveLength(1);
  });

  it('gives a repeated message the same attempt, with the same content', async () => {
    await putPolicy();
    await putSecret('sip/4989100231', 'geheim4711');
    const phone = new PhoneDouble(gateway);
    await phone.contact({ configurationChanged: true });
    await putSecret('sip/4989100231', 'neu');
    const first = orderOf(await phone.open());
    const second = orderOf(await gateway.ask('opendls.gateway.device-started', phone.opening()));
    expect(second).toEqual({ ...first, inReplyTo: second.inReplyTo });
  });

  it('goes on after a restart in the middle of an order, at another gateway', async () => {
    await putPolicy(ITEMS.slice(0, 2));
    const phone = new PhoneDouble(gateway);
    const reading = orderOf(await phone.open({ configurationChanged: true }));
    const writing = orderOf(await phone.play(reading));
    await gateway.settled();
    await service.stop();
    const question = await phone.step(writing, 0, true);
    service = await aConfigPolicy(database, gateway.bus);
    await service.start();
    const rest = orderOf(await gateway.answerTo(question));
    expect(rest).toMatchObject({ orderId: writing.orderId, attempt: 1, fromStep: 1, steps: writing.steps });
    expect((await phone.play(rest)).type).toBe('opendls.config-policy.no-work');
    expect(phone.writes).toHaveLength(2);
    expect(await stateOf(phone.deviceId)).toBe('compliant');
  });

  it('never changes the content of an order: another wish is another order', async () => {
    await putPolicy(ITEMS.slice(0, 2));
    const phone = new PhoneDouble(gateway);
    const first = orderOf(await phone.play(orderOf(await phone.open({ configurationChanged: true }))));
    await putPolicy([{ name: 'sntp-addr', value: 'ntp2.example.org' }]);
    const second = orderOf(await phone.open());
    expect(second.orderId).not.toBe(first.orderId);
    expect(await orders()).toEqual(['read-all done', 'configure superseded', 'configure offered']);
  });

  it('brings an order of a contact that died back, and counts the attempt', async () => {
    await service.stop();
    const settings = { maintenanceIntervalMs: 20, orderExpiryMs: 50, maxAttempts: 2 };
    service = await aConfigPolicy(database, gateway.bus, { settings });
    await service.start();
    const phone = new PhoneDouble(gateway);
    const first = orderOf(await phone.open());
    await eventually('the order to expire', async () =>
      (await orders())[0] === 'read-all pending' ? true : undefined,
    );
    const second = orderOf(await phone.open());
    expect(second).toMatchObject({ orderId: first.orderId, attempt: 2 });
    await eventually('the order to be given up', async () =>
      (await orders())[0] === 'read-all failed' ? true : undefined,
    );
    expect((await phone.open()).type).toBe('opendls.config-policy.no-work');
  });
});

describe('records that cannot be handled', () => {
  it('are set aside and answered all the same', async () => {
    const phone = new PhoneDouble(gateway);
    const good = { ...phone.opening(), contactId: `contact-${randomUUID()}` };
    const record = (id: string, value: string): Parameters<typeof gateway.bus.publish>[0][number] => ({
      topic: 'gateway.device.v1',
      key: phone.deviceId,
      headers: {
        ce_specversion: '1.0',
        ce_id: id,
        ce_source: '/opendls/gateway/1',
        ce_type: 'opendls.gateway.device-started',
        ce_subject: phone.deviceId,
        ce_time: new Date().toISOString(),
        replyto: 'gateway-1',
      },
      value,
    });
    await gateway.bus.publish([
      record('not-json', '{"contactId"'),
      record('wrong-schema', JSON.stringify({ contactId: good.contactId })),
      record('no-database', JSON.stringify({ ...good, device: { ...good.device, partNumber: 'nul\u0000character' } })),
      record('fine', JSON.stringify({ ...good, device: { ...good.device, partNumber: null } })),
    ]);
    expect((await gateway.answerTo('fine')).type).toBe('opendls.config-policy.work-order-issued');
    expect(await gateway.answerTo('not-json')).toMatchObject({ data: { deviceId: phone.deviceId } });
    expect(await gateway.answerTo('wrong-schema')).toMatchObject({ data: { contactId: good.contactId } });
    expect(await gateway.answerTo('no-database')).toMatchObject({ data: { contactId: good.contactId } });
    const dead = await eventually('the dead letters', () => {
      const letters = gateway.log.records('gateway.device.v1.dlq.config-policy.devices');
      return letters.length === 3 ? letters : undefined;
    });
    expect(dead.map((letter) => letter.header('ce_id')).sort()).toEqual(['no-database', 'not-json', 'wrong-schema']);
  });

  it('ignores what phones are not the subject of', async () => {
    const phone = new PhoneDouble(gateway);
    await gateway.publish('opendls.gateway.contact-refused', {
      deviceId: null,
      code: 'invalid-identity',
      detail: '',
      connection: phone.opening().connection,
    });
    await gateway.settled();
    expect(await query('SELECT 1 FROM device')).toEqual([]);
  });
});

describe('two replicas', () => {
  it('decide by the same policies at once, and do not disturb each other', async () => {
    const other = await aConfigPolicy(database, new GatewayDouble(gateway.log).bus);
    await other.start();
    try {
      const phones = Array.from(
        { length: 30 },
        (_, i) => new PhoneDouble(gateway, `001ae80053${(16 + i).toString(16)}`),
      );
      await putPolicy(ITEMS.slice(0, 2));
      const kinds = await Promise.all(phones.map((phone) => phone.contact({ configurationChanged: true })));
      expect(new Set(kinds.map((list) => list.join()))).toEqual(new Set(['read-all,configure']));
      await putPolicy([{ name: 'sntp-addr', value: 'ntp2.example.org' }]);
      expect(await Promise.all(phones.map((phone) => phone.contact()))).toEqual(phones.map(() => ['configure']));
      for (const phone of phones) expect(phone.writes).toHaveLength(3);
      await gateway.settled();
      const [row] = await query<{ count: number }>('SELECT count(*)::integer AS count FROM work_order');
      expect(row?.count).toBe(90);
    } finally {
      await other.stop();
    }
  });
});

describe('metrics', () => {
  it('count decisions, orders and states', async () => {
    await putPolicy(ITEMS.slice(0, 2));
    await new PhoneDouble(gateway).contact({ configurationChanged: true });
    await gateway.settled();
    const text = await registry.metrics();
    expect(text).toContain('opendls_config_policy_decisions_total{outcome="configure"} 1');
    expect(text).toContain('opendls_config_policy_order_changes_total{kind="configure",state="done"} 1');
    expect(text).toContain('opendls_config_policy_devices{state="compliant"} 1');
    expect(text).toMatch(/opendls_config_policy_consumer_lag \d/);
    expect(text).toContain('opendls_config_policy_outbox_unsent');
  });
});
