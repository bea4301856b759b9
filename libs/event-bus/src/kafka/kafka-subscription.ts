import type { Logger } from '@opendls/logging';
import type { Admin, Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import type { BusMetrics } from '../bus-metrics.js';
import { PartitionConsumer, type HandleContext } from '../consume/partition-consumer.js';
import type { DeathCause } from '../consume/dead-letter.js';
import type { RetryBackoff } from '../consume/retry-backoff.js';
import type { SubscribeOptions, Subscription } from '../event-bus.js';
import { CatchUp } from './catch-up.js';
import type { KafkaClient } from './kafka-client.js';
import { isRetriable } from './kafka-errors.js';
import { KafkaRecord } from './kafka-record.js';
import { atMost, untilItWorks } from '../waiting.js';
import { endPositions, filledPartitions, Positions, startAtEnd } from './start-positions.js';

const RESTART_MS = 500;
const CLOSE_DEADLINE_MS = 10_000;
/** At most this long after a record is settled its position is stored; what a crash in between leaves is delivered again. */
const COMMIT_INTERVAL_MS = 100;

export interface KafkaSubscriptionOptions extends SubscribeOptions {
  readonly maxBatchSize: number;
  readonly maxRetries: number;
  readonly backoff: RetryBackoff;
  readonly sessionTimeoutMs: number;
  /** How long the broker may hold back a fetch without data. */
  readonly fetchWaitMs: number;
  /** Least time from one fetch to the next while records keep coming: what arrives meanwhile shares one. */
  readonly fetchIntervalMs: number;
  readonly deadLetter: (record: KafkaRecord, cause: DeathCause) => Promise<void>;
  readonly metrics: BusMetrics;
  readonly logger: Logger;
}

/** One consumer of a group. A broker outage is waited out with new consumers; another failure ends it (`stopped`). */
export class KafkaSubscription implements Subscription {
  readonly stopped: Promise<void>;
  #stop!: (reason?: Error) => void;
  readonly #abort = new AbortController();
  readonly #partitions = new Map<string, PartitionConsumer<KafkaRecord>>();
  readonly #lags = new Map<string, number>();
  readonly #pauses = new Set<NodeJS.Timeout>();
  readonly #beats = new Set<NodeJS.Timeout>();
  /** Next offsets of settled records: to be committed, or, for an ephemeral group, to be remembered. */
  readonly #positions = new Positions();
  #starts = new Positions();
  #consumer: Consumer | undefined;
  #running = new Set<Promise<void>>();
  #isConsuming = false;
  #lastActivityAt = Date.now();
  #lastCommitAt = 0;
  /** When the fetch was sent whose batches are being handled; undefined once that was waited for. */
  #roundBegunAt: number | undefined;
  #catchUp: CatchUp | undefined;
  #commitTimer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #giveUpConsumer: (reason: Error) => void = () => undefined;
  #joined!: () => void;
  readonly #whenJoined = new Promise<void>((resolve) => (this.#joined = resolve));

  constructor(
    private readonly client: KafkaClient,
    private readonly options: KafkaSubscriptionOptions,
  ) {
    this.stopped = new Promise((resolve, reject) => {
      this.#stop = (reason) => (reason ? reject(reason) : resolve());
    });
    // Who does not watch it still must not be torn down by it.
    this.stopped.catch(() => undefined);
  }

  /** Resolves when the group was joined and everything published from now on will be seen. */
  async start(): Promise<void> {
    const { topics, group, from, ephemeral } = this.options;
    if (from === 'end') {
      const read = (admin: Admin): Promise<Positions> =>
        ephemeral ? endPositions(admin, topics) : startAtEnd(admin, topics, group);
      this.#starts = await untilItWorks(() => this.client.withAdmin(read), {
        signal: this.#abort.signal,
        isPassing: isRetriable,
        onFirstFailure: (err) => this.options.logger.warn({ group, err }, 'positions cannot be read yet, trying again'),
      });
    }
    if (this.options.onCaughtUp) this.#catchUp = await this.#beginToCatchUp(this.options.onCaughtUp);
    void this.#run();
    this.#watch = setInterval(() => this.#checkStall(), this.options.sessionTimeoutMs).unref();
    await Promise.race([this.#whenJoined, this.stopped]);
    this.#abort.signal.throwIfAborted();
  }

  async #beginToCatchUp(onCaughtUp: () => void): Promise<CatchUp> {
    const { topics, group, logger } = this.options;
    const ends = await untilItWorks(() => this.client.withAdmin((admin) => filledPartitions(admin, topics)), {
      signal: this.#abort.signal,
      isPassing: isRetriable,
      onFirstFailure: (err) => logger.warn({ group, err }, 'ends cannot be read yet, trying again'),
    });
    const isFetching = (sinceMs: number): boolean =>
      this.#isConsuming && this.#running.size === 0 && Date.now() - this.#lastActivityAt < sinceMs;
    return new CatchUp(ends, isFetching, onCaughtUp);
  }

  checkHealth(): void {
    if (this.#abort.signal.aborted) throw new Error(`the subscription of ${this.options.group} is closed`);
    if (!this.#isConsuming) throw new Error(`the group ${this.options.group} is not consuming`);
  }

  lag(): number {
    let sum = 0;
    for (const lag of this.#lags.values()) sum += lag;
    return sum;
  }

  async close(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#clearTimers();
    await atMost(CLOSE_DEADLINE_MS, this.#leave());
    this.#stopBeating();
    this.#stop();
  }

  async #leave(): Promise<void> {
    await Promise.allSettled(this.#running);
    if (!this.options.ephemeral) await this.#commit().catch(() => undefined);
    this.#isConsuming = false;
    await this.#consumer?.disconnect().catch(() => undefined);
    if (this.options.ephemeral) await this.#forgetGroup();
  }

  /** Ends without a word to anybody, as a crash would. For tests. */
  abandon(): void {
    this.#abort.abort();
    this.#clearTimers();
    this.#stopBeating();
    // The connections are cut already, so this tells nobody; it only ends the loops of kafkajs.
    void this.#consumer?.disconnect().catch(() => undefined);
    this.#stop();
  }

  /** Only now: a handler that is still finishing its batch must not lose its partitions. */
  #stopBeating(): void {
    for (const beat of this.#beats) clearInterval(beat);
  }

  #clearTimers(): void {
    clearInterval(this.#watch);
    this.#catchUp?.stop();
    clearTimeout(this.#commitTimer);
    for (const timer of this.#pauses) clearTimeout(timer);
  }

  /** Connects, joins and consumes; again after failures that pass. */
  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const consumer = this.#createConsumer();
      this.#consumer = consumer;
      const crashed = new Promise<Error>((resolve) => {
        consumer.on(consumer.events.CRASH, (event: ConsumerCrashEvent) => resolve(event.payload.error));
        this.#giveUpConsumer = resolve;
      });
      let error: unknown;
      try {
        await consumer.connect();
        await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          eachBatch: (batch) => this.#onBatch(batch),
        });
        error = await crashed;
      } catch (failure) {
        error = failure;
      }
      this.#isConsuming = false;
      void consumer.disconnect().catch(() => undefined);
      if (this.#abort.signal.aborted) return;
      if (!isRetriable(error)) {
        this.#end(error);
        return;
      }
      this.options.logger.warn({ group: this.options.group, err: error }, 'consumer lost Kafka, starting again');
      await delay(RESTART_MS);
    }
  }

  #end(error: unknown): void {
    const { group, logger } = this.options;
    logger.error({ group, err: error }, 'consumer stopped for good');
    this.#clearTimers();
    this.#stop(error instanceof Error ? error : new Error(String(error)));
  }

  #createConsumer(): Consumer {
    const { group, sessionTimeoutMs, fetchWaitMs } = this.options;
    const consumer = this.client.kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: this.#heartbeatMs,
      maxWaitTimeInMs: fetchWaitMs,
      allowAutoTopicCreation: false,
      // `#run` starts a new one; two ways to restart would get into each other's way.
      retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5, restartOnFailure: () => Promise.resolve(false) },
    });
    consumer.on(consumer.events.GROUP_JOIN, (event) => this.#onJoin(consumer, event));
    consumer.on(consumer.events.FETCH_START, () => {
      this.#lastActivityAt = Date.now();
      this.#roundBegunAt = performance.now();
    });
    return consumer;
  }

  get #heartbeatMs(): number {
    return Math.max(200, Math.min(2000, Math.floor(this.options.sessionTimeoutMs / 5)));
  }

  /** Called before the first fetch after each join, also after a rebalance. */
  #onJoin(consumer: Consumer, event: ConsumerGroupJoinEvent): void {
    const { ephemeral } = this.options;
    this.#lags.clear();
    // Positions that are not stored yet may belong to partitions somebody else has now, and further.
    if (!ephemeral) this.#positions.clear();
    for (const [topic, partitions] of Object.entries(event.payload.memberAssignment)) {
      for (const partition of partitions) {
        const offset =
          (ephemeral ? this.#positions.get(topic, partition) : undefined) ?? this.#starts.get(topic, partition);
        if (offset === undefined) continue;
        consumer.seek({ topic, partition, offset });
        if (!ephemeral) this.#positions.set(topic, partition, offset);
      }
    }
    // The first assignment only: from then on the group has positions.
    if (!ephemeral) this.#starts = new Positions();
    this.#lastActivityAt = Date.now();
    // In the next turn: the consumer is not ready to commit inside this event.
    setImmediate(() => void this.#afterJoin());
  }

  async #afterJoin(): Promise<void> {
    try {
      if (!this.options.ephemeral) await this.#commit();
    } catch (error) {
      this.options.logger.debug({ group: this.options.group, err: error }, 'positions not stored yet');
    }
    this.#isConsuming = true;
    this.#joined();
    this.#catchUp?.joined();
  }

  /** Nothing but kafkajs's own errors (a rebalance, a lost connection) may leave this: others would end the consumer. */
  async #onBatch(payload: EachBatchPayload): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const work = this.#handleBatch(payload).catch((error: unknown) => {
      // Not a handler's error, those end in PartitionConsumer: ours. The records stay unsettled and come again.
      const { topic, partition } = payload.batch;
      this.options.logger.error({ topic, partition, err: error }, 'batch failed');
      this.#pause(topic, partition, RESTART_MS);
    });
    this.#running.add(work);
    try {
      await work;
    } finally {
      this.#running.delete(work);
      this.#lastActivityAt = Date.now();
    }
    await this.#commitWhenDue(payload);
    await this.#gather();
  }

  /**
   * A fetch costs the same whether it brings one record or a hundred, so those of busy times are kept apart. Once per fetch,
   * whatever number of partitions it brought; a fetch that had to wait for data has waited long enough.
   */
  async #gather(): Promise<void> {
    if (this.#roundBegunAt === undefined || this.#abort.signal.aborted) return;
    const waitMs = this.#roundBegunAt + this.options.fetchIntervalMs - performance.now();
    this.#roundBegunAt = undefined;
    if (waitMs > 0) await delay(waitMs);
  }

  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages, highWatermark } = payload.batch;
    const records = messages.map((message) => new KafkaRecord(topic, partition, message));
    const heartbeat = async (): Promise<void> => {
      // A rebalance shows up here; kafkajs learns of it by itself when the batch is done.
      await payload.heartbeat().catch(() => undefined);
    };
    const beat = setInterval(() => void heartbeat(), this.#heartbeatMs);
    this.#beats.add(beat);
    const context: HandleContext = {
      signal: this.#abort.signal,
      heartbeat,
      isCurrent: () => payload.isRunning() && !payload.isStale() && !this.#abort.signal.aborted,
    };
    const result = await this.#partition(topic, partition)
      .handle(records, context)
      .finally(() => {
        clearInterval(beat);
        this.#beats.delete(beat);
      });
    const last = records[result.settled - 1];
    if (last) {
      payload.resolveOffset(last.offset);
      const next = String(BigInt(last.offset) + 1n);
      this.#positions.set(topic, partition, next);
      this.#noteLag(topic, partition, Number(BigInt(highWatermark) - BigInt(next)));
      this.#catchUp?.handled(topic, partition, next);
    }
    if (result.retryInMs !== undefined) this.#pause(topic, partition, result.retryInMs);
  }

  /** The partition waits; the others, and the heartbeats, go on. */
  #pause(topic: string, partition: number, waitMs: number): void {
    const consumer = this.#consumer;
    if (!consumer) return;
    consumer.pause([{ topic, partitions: [partition] }]);
    const timer = setTimeout(() => {
      this.#pauses.delete(timer);
      if (consumer === this.#consumer) consumer.resume([{ topic, partitions: [partition] }]);
    }, waitMs);
    this.#pauses.add(timer);
  }

  #partition(topic: string, partition: number): PartitionConsumer<KafkaRecord> {
    const key = `${partition}|${topic}`;
    let found = this.#partitions.get(key);
    if (!found) {
      found = new PartitionConsumer<KafkaRecord>({ ...this.options, topic });
      this.#partitions.set(key, found);
    }
    return found;
  }

  #noteLag(topic: string, partition: number, lag: number): void {
    this.#lags.set(`${partition}|${topic}`, Math.max(0, lag));
    this.options.metrics.lag(topic, this.options.group, partition, Math.max(0, lag));
  }

  async #commitWhenDue(payload: EachBatchPayload): Promise<void> {
    if (this.options.ephemeral || this.#abort.signal.aborted) return;
    if (Date.now() - this.#lastCommitAt >= COMMIT_INTERVAL_MS) {
      this.#lastCommitAt = Date.now();
      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
      this.#positions.clear();
      return;
    }
    this.#commitTimer ??= setTimeout(() => {
      this.#commitTimer = undefined;
      this.#lastCommitAt = Date.now();
      this.#commit().catch((error: unknown) =>
        this.options.logger.debug({ group: this.options.group, err: error }, 'positions not stored yet'),
      );
    }, COMMIT_INTERVAL_MS);
  }

  async #commit(): Promise<void> {
    const positions = this.#positions.entries();
    if (positions.length === 0) return;
    await this.#consumer?.commitOffsets(positions);
    for (const { topic, partition, offset } of positions) {
      if (this.#positions.get(topic, partition) === offset) this.#positions.delete(topic, partition);
    }
  }

  /** kafkajs can go silent after broker restarts: no fetch, no crash. Then a new consumer takes over. */
  #checkStall(): void {
    const silentMs = Date.now() - this.#lastActivityAt;
    if (!this.#isConsuming || this.#running.size > 0 || silentMs < 3 * this.options.sessionTimeoutMs) return;
    this.#giveUpConsumer(Object.assign(new Error(`no fetch for ${silentMs} ms`), { retriable: true }));
  }

  async #forgetGroup(): Promise<void> {
    await this.client
      .withAdmin((admin) => admin.deleteGroups([this.options.group]))
      .catch((error: unknown) =>
        this.options.logger.debug({ group: this.options.group, err: error }, 'group was not removed'),
      );
  }
}
