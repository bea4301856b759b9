import type { Logger } from '@opendls/logging';
import { setTimeout as delay } from 'node:timers/promises';
import type { BusMetrics } from '../bus-metrics.js';
import type { DeathCause } from '../consume/dead-letter.js';
import { PartitionConsumer, type HandleContext } from '../consume/partition-consumer.js';
import type { RetryBackoff } from '../consume/retry-backoff.js';
import type { SubscribeOptions, Subscription } from '../event-bus.js';
import { atMost } from '../waiting.js';
import { GroupSession } from './group-session.js';
import type { LogRecord } from './log-record.js';
import { isPassing } from './postgres-errors.js';
import type { PostgresLog } from './postgres-log.js';
import type { TopicSignals } from '../topic-signals.js';

const RESTART_MS = 500;
const CLOSE_DEADLINE_MS = 10_000;
const LAG_COUNT_LIMIT = 100_000;

export interface LogSubscriptionOptions extends SubscribeOptions {
  readonly maxBatchSize: number;
  readonly maxRetries: number;
  readonly backoff: RetryBackoff;
  readonly databaseUrl: string;
  /** How often a reader looks although nothing was announced, and a member asks for a topic another one has. */
  readonly pollMs: number;
  readonly deadLetter: (record: LogRecord, cause: DeathCause) => Promise<void>;
  readonly metrics: BusMetrics;
  readonly logger: Logger;
}

/** One member of a group: a loop per topic, each on the topics no other member has. */
export class LogSubscription implements Subscription {
  readonly stopped: Promise<void>;
  #stop!: (reason?: Error) => void;
  readonly #abort = new AbortController();
  readonly #lags = new Map<string, number>();
  readonly #failing = new Set<string>();
  /** Topics whose records of the start are not all handled yet. */
  readonly #missing = new Set<string>();
  #session: Promise<GroupSession> | undefined;
  #loops: Promise<void>[] = [];

  constructor(
    private readonly log: PostgresLog,
    private readonly signals: TopicSignals,
    private readonly options: LogSubscriptionOptions,
  ) {
    this.stopped = new Promise((resolve, reject) => {
      this.#stop = (reason) => (reason ? reject(reason) : resolve());
    });
    // Who does not watch it still must not be torn down by it.
    this.stopped.catch(() => undefined);
  }

  /** Resolves when the group has its positions: everything published from now on will be seen. */
  async start(): Promise<void> {
    const start = this.options.from === 'end' ? await this.log.end() : '0';
    if (!this.options.ephemeral) {
      const session = await this.#openSession();
      for (const topic of this.options.topics) await session.position(topic, start);
    }
    for (const topic of this.options.topics) this.#missing.add(topic);
    this.#loops = this.options.topics.map((topic) => this.#consume(topic, start));
    void Promise.all(this.#loops).then(() => this.#stop());
  }

  checkHealth(): void {
    const { group } = this.options;
    if (this.#abort.signal.aborted) throw new Error(`the subscription of ${group} is closed`);
    if (this.#failing.size > 0) throw new Error(`the group ${group} cannot read ${[...this.#failing].join(', ')}`);
  }

  lag(): number {
    let sum = 0;
    for (const lag of this.#lags.values()) sum += lag;
    return sum;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await atMost(CLOSE_DEADLINE_MS, Promise.all(this.#loops));
    await (await this.#session?.catch(() => undefined))?.close();
    this.#stop();
  }

  /** Ends without storing anything, as a crash would. For tests. */
  async abandon(): Promise<void> {
    await (await this.#session?.catch(() => undefined))?.close();
    this.#abort.abort();
  }

  /** Reads one topic until closed; again after failures that pass. */
  async #consume(topic: string, start: string): Promise<void> {
    const partition = new PartitionConsumer<LogRecord>({ ...this.options, topic });
    let position = start;
    while (!this.#abort.signal.aborted) {
      try {
        await this.log.ready();
        if (this.options.ephemeral) {
          await this.#read(topic, partition, position, async (next) => void (position = next));
        } else {
          await this.#readAsMember(topic, partition, start);
        }
        this.#failing.delete(topic);
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        if (!isPassing(error)) {
          this.#end(error);
          return;
        }
        if (!this.#failing.has(topic)) {
          this.options.logger.warn({ group: this.options.group, topic, err: error }, 'event log lost, trying again');
        }
        this.#failing.add(topic);
        await delay(RESTART_MS, undefined, { signal: this.#abort.signal }).catch(() => undefined);
      }
    }
  }

  async #readAsMember(topic: string, partition: PartitionConsumer<LogRecord>, start: string): Promise<void> {
    const session = await this.#openSession();
    if (!(await session.take(topic))) {
      this.#failing.delete(topic);
      await delay(this.options.pollMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
      return;
    }
    const position = await session.position(topic, start);
    await this.#read(
      topic,
      partition,
      position,
      (next) => session.store(topic, next),
      () => session.isOpen,
    );
  }

  async #read(
    topic: string,
    partition: PartitionConsumer<LogRecord>,
    start: string,
    store: (position: string) => Promise<void>,
    isMine: () => boolean = () => true,
  ): Promise<void> {
    const { signal } = this.#abort;
    const context: HandleContext = {
      signal,
      heartbeat: () => Promise.resolve(),
      isCurrent: () => !signal.aborted && isMine(),
    };
    let position = start;
    while (context.isCurrent()) {
      const seen = this.signals.version(topic);
      const records = await this.log.read(topic, position, this.options.maxBatchSize);
      this.#failing.delete(topic);
      if (records.length === 0) {
        this.#noteLag(topic, 0);
        this.#noteCaughtUp(topic);
        await this.signals.wait(topic, seen, this.options.pollMs, signal);
        continue;
      }
      const result = await partition.handle(records, context);
      const last = records[result.settled - 1];
      if (last) {
        position = last.offset;
        await store(position);
      }
      const isBehind = records.length === this.options.maxBatchSize || result.settled < records.length;
      this.#noteLag(topic, isBehind ? await this.log.countBehind(topic, position, LAG_COUNT_LIMIT) : 0);
      if (!isBehind) this.#noteCaughtUp(topic);
      if (result.retryInMs !== undefined) await delay(result.retryInMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #noteCaughtUp(topic: string): void {
    if (this.#missing.delete(topic) && this.#missing.size === 0) this.options.onCaughtUp?.();
  }

  #openSession(): Promise<GroupSession> {
    this.#session = (this.#session ?? Promise.reject(new Error('none yet'))).then(
      (session) => (session.isOpen ? session : this.#newSession()),
      () => this.#newSession(),
    );
    return this.#session;
  }

  async #newSession(): Promise<GroupSession> {
    const session = new GroupSession(this.options.databaseUrl, this.options.group);
    await session.open();
    return session;
  }

  #noteLag(topic: string, lag: number): void {
    this.#lags.set(topic, lag);
    this.options.metrics.lag(topic, this.options.group, 0, lag);
  }

  #end(error: unknown): void {
    this.options.logger.error({ group: this.options.group, err: error }, 'consumer stopped for good');
    this.#stop(error instanceof Error ? error : new Error(String(error)));
    this.#abort.abort();
  }
}
