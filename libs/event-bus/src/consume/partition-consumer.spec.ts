import { silentLogger } from '@opendls/logging';
import { NO_METRICS } from '../bus-metrics.js';
import { DONE, type DeliveredRecord, type Outcome } from '../event-bus.js';
import { InMemoryRecord } from '../testing/in-memory-record.js';
import { PartitionConsumer, type HandleContext, type PartitionConsumerOptions } from './partition-consumer.js';
import { backoffMs } from './retry-backoff.js';

const records = (...values: string[]): InMemoryRecord[] =>
  values.map((value, index) => new InMemoryRecord({ topic: 't', key: 'a', headers: {}, value }, 0, String(index)));

const text = (record: DeliveredRecord): string => Buffer.from(record.value ?? '').toString();

const aContext = (signal = new AbortController().signal): HandleContext => ({
  signal,
  heartbeat: () => Promise.resolve(),
  isCurrent: () => !signal.aborted,
});

function aConsumer(options: Partial<PartitionConsumerOptions<InMemoryRecord>>): {
  consumer: PartitionConsumer<InMemoryRecord>;
  buried: string[];
} {
  const buried: string[] = [];
  const consumer = new PartitionConsumer<InMemoryRecord>({
    topic: 't',
    group: 'g',
    maxBatchSize: 100,
    maxRetries: 2,
    backoff: { firstMs: 10, maxMs: 40 },
    onBatch: async (batch) => batch.map(() => DONE),
    deadLetter: async (record, cause) => void buried.push(`${text(record)}: ${cause.code} after ${cause.attempts}`),
    metrics: NO_METRICS,
    logger: silentLogger(),
    ...options,
  });
  return { consumer, buried };
}

describe('the consumer of a partition', () => {
  it('settles what is before a record that must wait, and nothing behind it', async () => {
    const { consumer } = aConsumer({
      onBatch: async (batch) =>
        batch.map((record): Outcome => (text(record) === '2' ? { kind: 'retry', code: 'away' } : DONE)),
    });
    expect(await consumer.handle(records('0', '1', '2', '3'), aContext())).toEqual({ settled: 2, retryInMs: 10 });
  });

  it('waits longer with each retry, then buries the record and goes on', async () => {
    const { consumer, buried } = aConsumer({
      onBatch: async (batch) =>
        batch.map((record): Outcome => (text(record) === '0' ? { kind: 'retry', code: 'away' } : DONE)),
    });
    expect(await consumer.handle(records('0', '1'), aContext())).toEqual({ settled: 0, retryInMs: 10 });
    expect(await consumer.handle(records('0', '1'), aContext())).toEqual({ settled: 0, retryInMs: 20 });
    expect(await consumer.handle(records('0', '1'), aContext())).toEqual({ settled: 2 });
    expect(buried).toEqual(['0: away after 3']);
  });

  it('waits for ever when told so, but not for a handler that throws', async () => {
    const { consumer, buried } = aConsumer({
      maxRetries: Infinity,
      onBatch: async (batch) => {
        if (batch.some((record) => text(record) === 'bug')) throw new TypeError('bug');
        return batch.map(() => ({ kind: 'retry', code: 'away' }));
      },
    });
    for (let attempt = 0; attempt < 30; attempt += 1) {
      expect((await consumer.handle(records('outage'), aContext())).settled).toBe(0);
    }
    const bug = records('outage', 'bug').slice(1);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await consumer.handle(bug, aContext())).settled).toBe(0);
    }
    expect(await consumer.handle(bug, aContext())).toEqual({ settled: 1 });
    expect(buried).toEqual(['bug: handler-failed after 11']);
  });

  it('handles records one by one after a throw, and together again behind them', async () => {
    const sizes: number[] = [];
    const { consumer } = aConsumer({
      maxBatchSize: 2,
      onBatch: async (batch) => {
        sizes.push(batch.length);
        if (sizes.length === 1) throw new Error('once');
        return batch.map(() => DONE);
      },
    });
    expect(await consumer.handle(records('0', '1', '2', '3'), aContext())).toEqual({ settled: 4 });
    expect(sizes).toEqual([2, 1, 1, 2]);
  });

  it('never skips a record whose dead letter cannot be written, nor handles it again', async () => {
    let handled = 0;
    let isWritable = false;
    const { consumer } = aConsumer({
      onBatch: async (batch) => {
        handled += 1;
        return batch.map(() => ({ kind: 'reject', code: 'bad' }));
      },
      deadLetter: async () => {
        if (!isWritable) throw new Error('broker away');
      },
    });
    expect(await consumer.handle(records('0'), aContext())).toEqual({ settled: 0, retryInMs: 10 });
    expect(await consumer.handle(records('0'), aContext())).toEqual({ settled: 0, retryInMs: 20 });
    isWritable = true;
    expect(await consumer.handle(records('0'), aContext())).toEqual({ settled: 1 });
    expect(handled).toBe(1);
  });

  it('stops at the next batch when the partition is no longer its own', async () => {
    const abort = new AbortController();
    const { consumer } = aConsumer({
      maxBatchSize: 1,
      onBatch: async (batch) => {
        abort.abort();
        return batch.map(() => DONE);
      },
    });
    expect(await consumer.handle(records('0', '1'), aContext(abort.signal))).toEqual({ settled: 1 });
  });

  it('does not count a throw against a record when the subscription is closing', async () => {
    const abort = new AbortController();
    const { consumer, buried } = aConsumer({
      maxRetries: 0,
      onBatch: async () => {
        abort.abort();
        throw new Error('interrupted');
      },
    });
    expect(await consumer.handle(records('0'), aContext(abort.signal))).toEqual({ settled: 0 });
    expect(buried).toEqual([]);
  });
});

describe('the backoff', () => {
  it('doubles up to its bound, for any number of attempts', () => {
    const backoff = { firstMs: 100, maxMs: 1000 };
    expect([1, 2, 3, 4, 5, 1e6].map((attempt) => backoffMs(backoff, attempt))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ]);
  });
});
