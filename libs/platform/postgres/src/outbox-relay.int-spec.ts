import { jest } from '@jest/globals';
import { silentLogger } from '@opendls/logging';
import { createTestDatabase, type TestDatabase } from '@opendls/testing-postgres';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { RecordingPublisher } from '../test/recording-publisher.js';
import { migrateTestTables } from '../test/test-tables.js';
import { until } from '../test/until.js';
import { openDataSource } from './data-source.js';
import { outboxStats, registerOutboxMetrics } from './health-and-metrics.js';
import { Outbox } from './outbox.js';
import { OutboxRelay, type OutboxRelayOptions } from './outbox-relay.js';
import type { OutgoingRecord } from './outgoing-record.js';
import { UnitOfWork } from './unit-of-work.js';

jest.setTimeout(60_000);

/** Longer than any test: what arrives was announced, not found by looking now and then. */
const NEVER_MS = 600_000;

let database: TestDatabase;
let dataSource: DataSource;
let unitOfWork: UnitOfWork;
let outbox: Outbox;
let publisher: RecordingPublisher;
const relays: OutboxRelay[] = [];

beforeEach(async () => {
  database = await createTestDatabase({ migrate: migrateTestTables, key: 'platform-postgres' });
  dataSource = await openDataSource({ url: database.url, name: 'test', logger: silentLogger() });
  unitOfWork = new UnitOfWork(dataSource);
  outbox = new Outbox();
  publisher = new RecordingPublisher();
});

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  await dataSource.destroy();
  await database.drop();
});

function aRelay(options: Partial<OutboxRelayOptions> = {}): OutboxRelay {
  const relay = new OutboxRelay({
    dataSource,
    outbox,
    publisher,
    name: 'test',
    logger: silentLogger(),
    maxBackoffMs: 50,
    pollMs: 50,
    ...options,
  });
  relays.push(relay);
  return relay;
}

async function anActiveRelay(options: Partial<OutboxRelayOptions> = {}): Promise<OutboxRelay> {
  const relay = aRelay(options);
  relay.start();
  await until(() => relay.isActive());
  return relay;
}

function aRecord(value: string, key = 'device-1'): OutgoingRecord {
  return { topic: 'inventory.device.v1', key, headers: { ce_id: value }, value };
}

function append(...values: string[]): Promise<void> {
  return unitOfWork.run((tx) =>
    outbox.append(
      tx,
      values.map((value) => aRecord(value)),
    ),
  );
}

/** Cuts the relay's connection, as a database restart or a network fault would. */
async function cutRelayConnections(name = 'test-outbox'): Promise<void> {
  await dataSource.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [name]);
}

const isDrained = async (): Promise<boolean> => (await outboxStats(dataSource)).unsent === 0;

describe('OutboxRelay', () => {
  it('publishes what was committed, right away and as it was, and nothing of what was rolled back', async () => {
    await anActiveRelay({ pollMs: NEVER_MS });
    const headers = { ce_id: '1', 'odd "name"': 'ä\u0000' };
    const committed = [
      { topic: 'a', key: 'k', headers, value: '{"x":"\\u0000"}' },
      { topic: 'b', key: 'k', headers: {}, value: null },
    ];
    await unitOfWork.run((tx) => outbox.append(tx, committed));
    await until(() => publisher.records.length === 2);
    expect(publisher.records).toEqual(committed);

    const failed = unitOfWork.run(async (tx) => {
      await outbox.append(tx, [aRecord('never')]);
      throw new Error('rule broken');
    });
    await expect(failed).rejects.toThrow('rule broken');
    await append('next');
    await until(() => publisher.records.length === 3);
    expect(publisher.records[2]?.value).toBe('next');
    await until(isDrained);
  });

  it('sends what was appended while no relay ran, in batches', async () => {
    await append(...Array.from({ length: 25 }, (_, n) => `${n}`));
    await anActiveRelay({ batchSize: 10 });
    await until(isDrained);
    expect(publisher.batchSizes).toEqual([10, 10, 5]);
    expect(publisher.records.map(({ value }) => value)).toEqual(Array.from({ length: 25 }, (_, n) => `${n}`));
  });

  it('loses and reorders nothing when the publisher fails for a while', async () => {
    publisher.intercept = (call) => {
      if (call >= 2 && call <= 6) throw new Error('broker down');
    };
    const relay = aRelay({ batchSize: 3, pollMs: NEVER_MS });
    relay.start();
    const values = Array.from({ length: 12 }, (_, n) => `${n}`);
    for (const value of values) await append(value);
    await until(() => relay.counts.failures > 0);
    await until(isDrained);
    expect(publisher.records.map(({ value }) => value)).toEqual(values);
    await until(() => doesNotThrow(() => relay.checkHealth()));
  });

  it('says that it is unhealthy while it cannot publish', async () => {
    let isDown = true;
    publisher.intercept = () => {
      if (isDown) throw new Error('broker down');
    };
    const relay = await anActiveRelay();
    await append('1');
    await until(() => relay.counts.failures > 0);
    expect(() => relay.checkHealth()).toThrow('cannot publish');
    isDown = false;
    await until(isDrained);
    await until(() => doesNotThrow(() => relay.checkHealth()));
  });

  it('repeats, but does not lose, what was published and not marked when its connection broke', async () => {
    publisher.after = async (call) => {
      if (call === 2) await cutRelayConnections();
    };
    const values = Array.from({ length: 9 }, (_, n) => `${n}`);
    await append(...values);
    await anActiveRelay({ batchSize: 3 });
    await until(isDrained);
    expect(publisher.distinctValues()).toEqual(values);
    expect(publisher.records.map(({ value }) => value)).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '3',
      '4',
      '5',
      '6',
      '7',
      '8',
    ]);
  });

  it('publishes a record whose transaction committed after later ones were sent', async () => {
    await anActiveRelay({ pollMs: NEVER_MS });
    let commitFirst = (): void => undefined;
    const first = unitOfWork.run(async (tx) => {
      await outbox.append(tx, [aRecord('lower id', 'device-1')]);
      await new Promise<void>((resolve) => (commitFirst = resolve));
    });
    await until(async () => (await openTransactions()) > 0);
    await unitOfWork.run((tx) => outbox.append(tx, [aRecord('higher id', 'device-2')]));
    await until(() => publisher.records.length === 1);
    commitFirst();
    await first;
    await until(() => publisher.records.length === 2);
    expect(publisher.records.map(({ value }) => value)).toEqual(['higher id', 'lower id']);
  });

  it('is active once however many replicas run; another takes over when the active one is gone', async () => {
    const replicas = [1, 2, 3].map((n) => aRelay({ name: `replica-${n}` }));
    replicas.forEach((relay) => relay.start());
    await until(() => replicas.some((relay) => relay.isActive()));
    const values = Array.from({ length: 60 }, (_, n) => `${n}`);
    for (const [n, value] of values.entries()) {
      await append(value);
      if (n === 20) await replicas.find((relay) => relay.isActive())?.stop();
      if (n === 40) {
        await until(() => replicas.some((relay) => relay.isActive()));
        const active = replicas.findIndex((relay) => relay.isActive()) + 1;
        await cutRelayConnections(`replica-${active}-outbox`);
      }
      expect(replicas.filter((relay) => relay.isActive()).length).toBeLessThanOrEqual(1);
    }
    await until(isDrained);
    expect(publisher.distinctValues()).toEqual(values);
  });

  it('is woken by a commit in a process whose relay is a standby', async () => {
    await anActiveRelay({ pollMs: NEVER_MS, outbox: new Outbox(), name: 'active' });
    const standby = aRelay({ pollMs: NEVER_MS, name: 'standby' });
    standby.start();
    await until(async () => (await connectionsOf('standby-outbox')) === 1);
    await append('from the standby');
    await until(() => publisher.records.length === 1);
    expect(standby.isActive()).toBe(false);
  });

  it('keeps the order of a key whose row many transactions lock in turn', async () => {
    await dataSource.query('INSERT INTO thing (id) VALUES (1)');
    await anActiveRelay({ batchSize: 7 });
    const expected: string[] = [];
    await Promise.all(
      Array.from({ length: 50 }, () =>
        unitOfWork.run(async (tx) => {
          const [rows]: [{ size: number }[]] = await tx.query(
            'UPDATE thing SET size = size + 1 WHERE id = 1 RETURNING size',
          );
          await outbox.append(tx, [aRecord(`${rows[0]?.size}`)]);
        }),
      ),
    );
    for (let size = 2; size <= 51; size += 1) expected.push(`${size}`);
    await until(isDrained);
    expect(publisher.records.map(({ value }) => value)).toEqual(expected);
  });

  it('sets a record aside that is refused again and again, and publishes all others', async () => {
    publisher.intercept = (_call, records) => {
      if (records.some(({ value }) => value === 'poison'))
        throw Object.assign(new Error('too large'), { code: 'rejected' });
    };
    await append('1', '2', 'poison', '4', '5');
    const relay = await anActiveRelay();
    await until(isDrained);
    expect(publisher.records.map(({ value }) => value)).toEqual(['1', '2', '4', '5']);
    expect(relay.counts.parked).toBe(1);
    expect(await outboxStats(dataSource)).toMatchObject({ parked: 1 });
    const registry = new Registry();
    registerOutboxMetrics(registry, dataSource, relay);
    const metrics = await registry.metrics();
    expect(metrics).toContain('opendls_outbox_parked 1');
    expect(metrics).toContain('opendls_outbox_published_total 4');
  });

  it('finishes the running batch and flushes the rest when it is stopped', async () => {
    let acknowledge: (() => void) | undefined;
    publisher.intercept = (call) => (call === 1 ? new Promise((resolve) => (acknowledge = resolve)) : undefined);
    const relay = await anActiveRelay({ batchSize: 2 });
    await append('1', '2', '3');
    await until(() => acknowledge !== undefined);
    const stopped = relay.stop();
    acknowledge?.();
    await stopped;
    expect(publisher.records.map(({ value }) => value)).toEqual(['1', '2', '3']);
    expect(await isDrained()).toBe(true);
    expect(await connectionsOf('test-outbox')).toBe(0);
  });

  it('stops although the publisher is down, and a later relay sends what is left', async () => {
    publisher.intercept = () => {
      throw new Error('broker down');
    };
    const relay = await anActiveRelay({ maxBackoffMs: 60_000 });
    await append('1');
    await until(() => relay.counts.failures > 0);
    await relay.stop();
    publisher.intercept = () => undefined;
    await anActiveRelay();
    await until(isDrained);
    expect(publisher.distinctValues()).toEqual(['1']);
  });

  it('forgets what was sent some time ago', async () => {
    await append('1', '2');
    await anActiveRelay({ retentionMs: -1_000 });
    await until(async () => {
      const rows: unknown[] = await dataSource.query('SELECT FROM outbox');
      return rows.length === 0;
    });
    expect(publisher.distinctValues()).toEqual(['1', '2']);
  });
});

function doesNotThrow(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

async function openTransactions(): Promise<number> {
  const rows: unknown[] = await dataSource.query("SELECT FROM pg_stat_activity WHERE state = 'idle in transaction'");
  return rows.length;
}

async function connectionsOf(name: string): Promise<number> {
  const rows: unknown[] = await dataSource.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [name]);
  return rows.length;
}
