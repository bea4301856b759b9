import { silentLogger } from '@opendls/logging';
import { setTimeout as delay } from 'node:timers/promises';
import { NO_METRICS } from '../bus-metrics.js';
import { deadLetterHeaders, deadLetterTopic } from '../consume/dead-letter.js';
import {
  DEFAULT_MAX_BATCH_SIZE,
  DEFAULT_MAX_RETRIES,
  PartitionConsumer,
  type HandleContext,
} from '../consume/partition-consumer.js';
import type { RetryBackoff } from '../consume/retry-backoff.js';
import type { SubscribeOptions, Subscription } from '../event-bus.js';
import { atMost } from '../waiting.js';
import type { InMemoryLog } from './in-memory-log.js';
import type { InMemoryRecord } from './in-memory-record.js';

const POLL_MS = 1000;
const CLOSE_DEADLINE_MS = 10_000;

export class InMemorySubscription implements Subscription {
  readonly stopped: Promise<void>;
  readonly #abort = new AbortController();
  readonly #positions = new Map<string, number>();
  /** Where the log ended at the start, for the places not handled up to there yet. */
  readonly #missing = new Map<string, number>();
  readonly #loops: Promise<unknown>;
  #isAbandoned = false;

  constructor(
    private readonly log: InMemoryLog,
    private readonly options: SubscribeOptions,
    private readonly backoff: RetryBackoff,
  ) {
    const places = options.topics.flatMap((topic) =>
      log.partitions(topic).map((_, partition) => ({ topic, partition })),
    );
    for (const { topic, partition } of places) this.#begin(topic, partition);
    if (this.#missing.size === 0) queueMicrotask(() => options.onCaughtUp?.());
    this.#loops = Promise.all(places.map(({ topic, partition }) => this.#consume(topic, partition)));
    this.stopped = this.#loops.then(() => undefined);
  }

  checkHealth(): void {
    if (this.#abort.signal.aborted) throw new Error(`the subscription of ${this.options.group} is closed`);
  }

  lag(): number {
    let sum = 0;
    for (const [place, position] of this.#positions) {
      const [partition, topic] = place.split('|', 2);
      sum += (this.log.partitions(topic ?? '')[Number(partition)]?.length ?? 0) - position;
    }
    return sum;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await atMost(CLOSE_DEADLINE_MS, this.#loops);
    this.log.release(this);
  }

  /** Ends without storing positions, as a crash would. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#abort.abort();
    this.log.release(this);
  }

  #begin(topic: string, partition: number): void {
    const { group, from, ephemeral } = this.options;
    const start = from === 'end' ? (this.log.partitions(topic)[partition]?.length ?? 0) : 0;
    const position = (ephemeral ? undefined : this.log.position(group, topic, partition)) ?? start;
    if (!ephemeral) this.log.storePosition(group, topic, partition, position);
    this.#positions.set(`${partition}|${topic}`, position);
    const end = this.log.partitions(topic)[partition]?.length ?? 0;
    if (end > position) this.#missing.set(`${partition}|${topic}`, end);
  }

  #noteCaughtUp(place: string, position: number): void {
    const end = this.#missing.get(place);
    if (end === undefined || position < end) return;
    this.#missing.delete(place);
    if (this.#missing.size === 0) this.options.onCaughtUp?.();
  }

  async #consume(topic: string, partition: number): Promise<void> {
    const { group, ephemeral = false, maxBatchSize = DEFAULT_MAX_BATCH_SIZE } = this.options;
    const { signal } = this.#abort;
    const consumer = this.#partitionConsumer(topic);
    const context: HandleContext = {
      signal,
      heartbeat: () => Promise.resolve(),
      isCurrent: () => !signal.aborted,
    };
    while (!signal.aborted) {
      const seen = this.log.signals.version(topic);
      const isMine = ephemeral || this.log.take(group, topic, this);
      const position = this.#position(topic, partition);
      const records = this.log.partitions(topic)[partition]?.slice(position, position + maxBatchSize) ?? [];
      if (!isMine || records.length === 0) {
        await this.log.signals.wait(topic, seen, POLL_MS, signal);
        continue;
      }
      // A reader is never called inside the publisher's own turn.
      await new Promise(setImmediate);
      const { settled, retryInMs } = await consumer.handle(records, context);
      if (this.#isAbandoned) return;
      this.#positions.set(`${partition}|${topic}`, position + settled);
      if (!ephemeral) this.log.storePosition(group, topic, partition, position + settled);
      this.#noteCaughtUp(`${partition}|${topic}`, position + settled);
      if (retryInMs !== undefined) await delay(retryInMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** A member that takes over goes on where the group is. */
  #position(topic: string, partition: number): number {
    const { group, ephemeral } = this.options;
    const stored = ephemeral ? undefined : this.log.position(group, topic, partition);
    return stored ?? this.#positions.get(`${partition}|${topic}`) ?? 0;
  }

  #partitionConsumer(topic: string): PartitionConsumer<InMemoryRecord> {
    const { group, onBatch, ephemeral } = this.options;
    return new PartitionConsumer<InMemoryRecord>({
      topic,
      group,
      onBatch,
      maxBatchSize: this.options.maxBatchSize ?? DEFAULT_MAX_BATCH_SIZE,
      maxRetries: this.options.maxRetries ?? DEFAULT_MAX_RETRIES,
      backoff: this.backoff,
      deadLetter: async (record, cause) => {
        if (ephemeral) return;
        const headers = deadLetterHeaders(record.headers(), record, cause);
        const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
        this.log.append({
          topic: deadLetterTopic(topic, group),
          key: record.key,
          headers: Object.fromEntries(texts) as Record<string, string>,
          value: record.text(),
        });
      },
      metrics: NO_METRICS,
      logger: silentLogger(),
    });
  }
}
