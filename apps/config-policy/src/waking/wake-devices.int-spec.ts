import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import {
  CONTACT_REQUEST_TOPIC,
  DEVICE_DIRECTIVE_TOPIC,
  type AnyEvent,
  type ContactAttemptOutcome,
  type DeviceId,
} from '@opendls/event-contracts';
import { silentLogger } from '@opendls/logging';
import { openDataSource, UnitOfWork } from '@opendls/postgres';
import type { TestDatabase } from '@opendls/testing-postgres';
import type { DataSource } from 'typeorm';
import { aDocument } from '../../test/builders.js';
import { aConfigPolicy, aDatabase, eventually, GatewayDouble } from '../../test/harness.js';
import { PhoneDouble } from '../../test/phone-double.js';
import type { ConfigPolicyOptions, ConfigPolicyPart } from '../create-config-policy.js';
import { databaseOptions } from '../data-source.js';
import { ChangePolicies } from '../policies/change-policies.use-case.js';
import { PoliciesStore } from '../policies/policies.store.js';
import { ContactRate } from './contact-rate.js';

jest.setTimeout(30_000);

type Requested = Extract<AnyEvent, { type: 'opendls.config-policy.contact-requested' }>;
type Directive = Extract<AnyEvent, { type: 'opendls.config-policy.device-directive-changed' }>;

let database: TestDatabase;
let dataSource: DataSource;
let gateway: GatewayDouble;
const services: ConfigPolicyPart[] = [];
/** How far the clock of the services is ahead. */
let aheadMs = 0;
const clock = (): Date => new Date(Date.now() + aheadMs);

beforeEach(async () => {
  aheadMs = 0;
  database = await aDatabase();
  dataSource = await openDataSource(databaseOptions(database.url, silentLogger()));
  gateway = new GatewayDouble();
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
  await dataSource.destroy();
  await database.drop();
});

async function start(settings: ConfigPolicyOptions['settings'] = {}): Promise<void> {
  const service = await aConfigPolicy(database, gateway.bus, {
    clock,
    settings: { maintenanceIntervalMs: 20, ...settings },
  });
  services.push(service);
  await service.start();
}

async function putPolicy(value: string): Promise<void> {
  const change = new ChangePolicies(new UnitOfWork(dataSource), new PoliciesStore(dataSource), clock, false);
  const text = JSON.stringify(aDocument({ items: [{ name: 'sntp-addr', value }] }));
  await change.save({ name: 'lobby', text, format: 'json', by: 'test' });
}

function requests(): Requested[] {
  return gateway.events<Requested>(CONTACT_REQUEST_TOPIC.name);
}

async function nextRequest(count = 1): Promise<Requested> {
  return eventually(`contact request ${count}`, () => requests()[count - 1]);
}

async function attempted(request: Requested, outcome: ContactAttemptOutcome, id = randomUUID()): Promise<void> {
  const { deviceId, requestId } = request.data;
  const data = { deviceId, requestId, outcome, status: null, code: null, address: null, durationMs: 1 };
  await gateway.publish('opendls.gateway.contact-attempted', data, { id });
  await gateway.settled();
}

async function row(
  deviceId: string,
): Promise<{ next_contact_at: Date | null; waking: Record<string, unknown> | null }> {
  const rows: Awaited<ReturnType<typeof row>>[] = await dataSource.query(
    'SELECT next_contact_at, waking FROM device WHERE device_id = $1',
    [deviceId],
  );
  return rows[0] ?? { next_contact_at: null, waking: null };
}

/** A phone that is as its policy wants it. */
async function aConfiguredPhone(): Promise<PhoneDouble> {
  const phone = new PhoneDouble(gateway);
  await phone.contact({ configurationChanged: true });
  await gateway.settled();
  return phone;
}

describe('waking', () => {
  it('asks a phone that a changed policy concerns, after its contact gap, and tells gateways of work before', async () => {
    await putPolicy('a.example.org');
    await start();
    const phone = await aConfiguredPhone();
    expect(await row(phone.deviceId)).toMatchObject({ next_contact_at: null });
    await putPolicy('b.example.org');
    const planned = await eventually('a plan', async () => (await row(phone.deviceId)).next_contact_at ?? undefined);
    expect(planned.getTime() - clock().getTime()).toBeGreaterThan(200_000);
    const directives = (): Directive[] => gateway.events<Directive>(DEVICE_DIRECTIVE_TOPIC.name);
    await eventually('a directive', () => directives().find(({ data }) => data.isWorkPending));
    expect(requests()).toEqual([]);

    aheadMs += 301_000;
    const request = await nextRequest();
    expect(request.data).toMatchObject({
      deviceId: phone.deviceId,
      contactMeUri: 'http://192.0.2.31:8085/contact_dls.html/ContactDLS',
      attempt: 1,
    });
    await attempted(request, 'accepted');
    expect(await phone.contact({}, 'opendls.gateway.device-solicited')).toEqual(['configure']);
    await gateway.settled();
    expect(await row(phone.deviceId)).toMatchObject({ next_contact_at: null, waking: { attempts: 0 } });
    await eventually('the end of work', () => (directives().at(-1)?.data.isWorkPending === false ? true : undefined));
    expect(requests()).toHaveLength(1);
  });

  it('asks again, later each time, and takes an outcome once and only of the newest request', async () => {
    await putPolicy('a.example.org');
    await start();
    const phone = await aConfiguredPhone();
    await putPolicy('b.example.org');
    await eventually('a plan', async () => (await row(phone.deviceId)).next_contact_at ?? undefined);
    aheadMs += 301_000;
    const first = await nextRequest();
    const id = randomUUID();
    await attempted(first, 'unreachable', id);
    await attempted(first, 'accepted', id);
    expect(await row(phone.deviceId)).toMatchObject({ waking: { lastOutcome: 'unreachable', attempts: 1 } });
    aheadMs += 61_000;
    const second = await nextRequest(2);
    expect(second.data.attempt).toBe(2);
    await attempted(first, 'timeout');
    expect(await row(phone.deviceId)).toMatchObject({ waking: { lastOutcome: null } });
  });

  it('contacts a phone later that came while nobody answered it in time', async () => {
    await putPolicy('a.example.org');
    await start();
    const phone = await aConfiguredPhone();
    phone.items.set('sntp-addr', { name: 'sntp-addr', value: '' });
    await phone.open({ items: [{ name: 'sntp-addr', value: '' }] });
    await phone.close('deadline');
    await gateway.settled();
    aheadMs += 301_000;
    expect((await nextRequest()).data.deviceId).toBe(phone.deviceId);
  });

  it('leaves phones alone that poll', async () => {
    await putPolicy('a.example.org');
    await start();
    const phone = new PhoneDouble(gateway, '001ae8005301', {
      'sntp-addr': '',
      'dcmp-url': 'http://dls.example.org/dcmp',
    });
    await phone.contact({ configurationChanged: true });
    await putPolicy('b.example.org');
    await eventually('pending work', () =>
      gateway.events<Directive>(DEVICE_DIRECTIVE_TOPIC.name).find(({ data }) => data.isWorkPending),
    );
    expect(await row(phone.deviceId)).toMatchObject({ next_contact_at: null });
  });

  it('shares its rate among replicas, and asks no phone twice', async () => {
    await dataSource.query(
      `INSERT INTO contact_rate (id, tokens, refilled_at) VALUES (1, 0, $1)
      ON CONFLICT (id) DO UPDATE SET tokens = 0, refilled_at = $1`,
      [clock()],
    );
    await dataSource.query(
      `INSERT INTO device (device_id, first_seen_at, last_seen_at, is_report_stale, compliance, compliance_since,
         open_items, planned_version, secret_refs, contact_id, contact_me_uri, next_contact_at)
       SELECT '001ae80000' || lpad(to_hex(n), 2, '0'), $1, $1, true, 'pending', $1, '[]', 1, '{}', 'contact-0000000000',
         'http://192.0.2.31:8085/contact_dls.html/ContactDLS', $1
       FROM generate_series(1, 60) AS n`,
      [clock()],
    );
    const frozen = clock();
    const limited = { contactRatePerSecond: 20, maintenanceIntervalMs: 20 };
    for (const instanceId of ['a', 'b']) {
      const service = await aConfigPolicy(database, gateway.bus, {
        clock: () => new Date(frozen.getTime() + aheadMs),
        settings: limited,
        instanceId,
      });
      services.push(service);
      await service.start();
    }
    aheadMs = 1_000;
    await eventually('the requests of one second', () => (requests().length >= 20 ? true : undefined));
    aheadMs = 1_500;
    await eventually('those of half a second more', () => (requests().length >= 30 ? true : undefined));
    expect(requests()).toHaveLength(30);
    expect(new Set(requests().map(({ data }) => data.deviceId)).size).toBe(30);
  });

  it('gives tokens for the time that passed, and no more than one second holds', async () => {
    const unitOfWork = new UnitOfWork(dataSource);
    const rate = new ContactRate(5);
    const start = clock();
    await dataSource.query('UPDATE contact_rate SET tokens = 0, refilled_at = $1', [start]);
    const after = (ms: number): Promise<number> =>
      unitOfWork.run((tx) => rate.available(tx, new Date(start.getTime() + ms)));
    expect([await after(100), await after(400), await after(90_000), await after(0)]).toEqual([0, 2, 5, 5]);
    await unitOfWork.run((tx) => rate.take(tx, 5));
    expect(await after(90_100)).toBe(0);
  });

  it('is off where it is switched off', async () => {
    await putPolicy('a.example.org');
    await start({ contactPhones: false });
    const phone = await aConfiguredPhone();
    await putPolicy('b.example.org');
    const isPending = ({ data }: Directive): boolean =>
      data.deviceId === (phone.deviceId as DeviceId) && data.isWorkPending;
    await eventually('pending work', () => gateway.events<Directive>(DEVICE_DIRECTIVE_TOPIC.name).find(isPending));
    expect(await row(phone.deviceId)).toMatchObject({ next_contact_at: null });
  });
});
