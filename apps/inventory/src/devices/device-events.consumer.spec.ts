import type { DeliveredRecord, Outcome } from '@opendls/event-bus';
import { toRecord, type AnyEvent } from '@opendls/event-contracts';
import { silentLogger } from '@opendls/logging';
import { Registry } from 'prom-client';
import { anOpening, deviceIdOf } from '../../test/device-events.js';
import { InventoryMetrics } from '../metrics.js';
import { DeviceEventsConsumer } from './device-events.consumer.js';

const context = { signal: new AbortController().signal, heartbeat: async () => undefined };
const poison = Object.assign(new Error('invalid byte sequence'), { code: '22021' });
const outage = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const conflict = Object.assign(new Error('deadlock detected'), { code: '40P01' });

function delivered(event: AnyEvent, change: Partial<ReturnType<typeof toRecord>> = {}): DeliveredRecord {
  const record = { ...toRecord(event), ...change };
  return {
    topic: record.topic,
    partition: 0,
    offset: '0',
    key: record.key,
    header: (name) => record.headers[name],
    headers: () => record.headers,
    value: record.value === null ? null : new TextEncoder().encode(record.value),
    timestamp: new Date(),
  };
}

/** A consumer over a recorder that fails as told; `calls` are the batches it was given. */
function consumerThat(fail: (events: readonly AnyEvent[], call: number) => Error | undefined): {
  readonly calls: number[];
  readonly registry: Registry;
  handle(records: readonly DeliveredRecord[]): Promise<readonly Outcome[]>;
} {
  const calls: number[] = [];
  const registry = new Registry();
  const recorder = {
    execute: async (events: readonly AnyEvent[]) => {
      calls.push(events.length);
      const error = fail(events, calls.length);
      if (error !== undefined) throw error;
      return new Set(events.map(({ id }) => id));
    },
  };
  const consumer = new DeviceEventsConsumer(recorder, new InventoryMetrics(registry), silentLogger());
  return { calls, registry, handle: (records) => consumer.handle(records, context) };
}

function kinds(outcomes: readonly Outcome[]): string[] {
  return outcomes.map((outcome) => outcome.kind);
}

const events = Array.from({ length: 8 }, (_, n) => anOpening({ deviceId: deviceIdOf(n) }));
const records = events.map((event) => delivered(event));

describe('the consumer of gateway events', () => {
  it('records a batch at once', async () => {
    const consumer = consumerThat(() => undefined);
    expect(kinds(await consumer.handle(records))).toEqual(Array(8).fill('done'));
    expect(consumer.calls).toEqual([8]);
    expect(await consumer.registry.metrics()).toContain(
      'opendls_inventory_events_total{outcome="recorded",type="device-started"} 8',
    );
  });

  it('rejects the one record that cannot be written, and records all others', async () => {
    const consumer = consumerThat((batch) => (batch.some(({ id }) => id === events[5]!.id) ? poison : undefined));
    const outcomes = await consumer.handle(records);
    expect(kinds(outcomes)).toEqual(['done', 'done', 'done', 'done', 'done', 'reject', 'done', 'done']);
    expect(outcomes[5]).toMatchObject({ code: 'cannot-be-recorded' });
  });

  it('waits with everything when the database is down', async () => {
    const consumer = consumerThat(() => outage);
    const outcomes = await consumer.handle(records);
    expect(new Set(kinds(outcomes))).toEqual(new Set(['retry']));
    expect(outcomes[0]).toMatchObject({ code: 'database-unavailable' });
    expect(consumer.calls).toEqual([8]);
  });

  it('waits with the rest when the database goes down in the middle', async () => {
    const consumer = consumerThat((_, call) => (call === 1 ? poison : call === 2 ? undefined : outage));
    expect(kinds(await consumer.handle(records))).toEqual('done done done done retry retry retry retry'.split(' '));
  });

  it('tries again at once after a conflict, a bounded number of times', async () => {
    const passing = consumerThat((_, call) => (call === 1 ? conflict : undefined));
    expect(new Set(kinds(await passing.handle(records)))).toEqual(new Set(['done']));
    const lasting = consumerThat(() => conflict);
    expect(kinds(await lasting.handle(records.slice(0, 1)))).toEqual(['reject']);
    expect(lasting.calls).toHaveLength(5);
  });

  it('rejects what is no event of this contract', async () => {
    const consumer = consumerThat(() => undefined);
    const bad = [
      delivered(events[0]!, { value: '{"half":' }),
      delivered(events[0]!, { value: '{}' }),
      delivered(events[0]!, { headers: {} }),
      delivered(events[0]!, { headers: { ...toRecord(events[0]!).headers, ce_subject: deviceIdOf(9) } }),
      delivered(events[0]!, { value: JSON.stringify({ ...events[0]!.data, deviceId: deviceIdOf(9) }) }),
    ];
    const outcomes = await consumer.handle(bad);
    expect(outcomes.map((outcome) => outcome.kind !== 'done' && outcome.code)).toEqual([
      'malformed-json',
      'schema-violation',
      'not-a-cloud-event',
      'subject-mismatch',
      'subject-mismatch',
    ]);
    expect(consumer.calls).toEqual([]);
  });

  it('passes by types it does not know, and tombstones', async () => {
    const consumer = consumerThat(() => undefined);
    const headers = { ...toRecord(events[0]!).headers, ce_type: 'opendls.gateway.of-tomorrow' };
    const outcomes = await consumer.handle([
      delivered(events[0]!, { headers }),
      delivered(events[0]!, { value: null }),
    ]);
    expect(kinds(outcomes)).toEqual(['done', 'done']);
  });
});
