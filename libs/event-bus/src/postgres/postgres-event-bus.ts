import { silentLogger, type Logger } from '@opendls/logging';
import { NO_METRICS, type BusMetrics } from '../bus-metrics.js';
import {
  DEAD_LETTER_RETENTION_MS,
  deadLetterHeaders,
  deadLetterTopic,
  deadLetterTopics,
  type DeathCause,
} from '../consume/dead-letter.js';
import { DEFAULT_MAX_BATCH_SIZE, DEFAULT_MAX_RETRIES } from '../consume/partition-consumer.js';
import { DEFAULT_RETRY_BACKOFF, type RetryBackoff } from '../consume/retry-backoff.js';
import type { EventBus, OutgoingRecord, SubscribeOptions, Subscription, TopicSettings } from '../event-bus.js';
import { PublishError } from '../event-bus.js';
import { DEFAULT_PUBLISH_LIMITS, PublishQueue, type PublishLimits } from '../publish/publish-queue.js';
import { toRawRecord, type RawRecord } from '../publish/raw-record.js';
import { untilItWorks } from '../waiting.js';
import { LogListener } from './log-listener.js';
import type { LogRecord } from './log-record.js';
import { schedulePurge } from './log-retention.js';
import { LogSubscription } from './log-subscription.js';
import { isPassing } from './postgres-errors.js';
import { PostgresLog } from './postgres-log.js';
import { TopicSignals } from '../topic-signals.js';

const FLUSH_DEADLINE_MS = 5000;

export interface PostgresEventBusOptions {
  readonly databaseUrl: string;
  readonly logger?: Logger;
  readonly metrics?: BusMetrics;
  readonly publish?: Partial<PublishLimits>;
  readonly retryBackoff?: RetryBackoff;
  /** Connections for reading and appending; each group holds one more. Default 4. */
  readonly poolSize?: number;
  /** How often a reader looks although nothing was announced. Default 1000. */
  readonly pollMs?: number;
  /** How often expired records are removed. Default 10 minutes. */
  readonly purgeIntervalMs?: number;
}

/**
 * The event bus on a log in PostgreSQL: one machine, no broker. Creates its tables when first used, waits for a database
 * that is away.
 */
export function createPostgresEventBus(options: PostgresEventBusOptions): PostgresEventBus {
  return new PostgresEventBus(options);
}

export class PostgresEventBus implements EventBus {
  readonly #signals = new TopicSignals();
  readonly #log: PostgresLog;
  readonly #listener: LogListener;
  readonly #queue: PublishQueue;
  readonly #subscriptions = new Set<LogSubscription>();
  readonly #stopPurging: () => void;
  readonly #logger: Logger;
  readonly #metrics: BusMetrics;
  readonly #abort = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(private readonly options: PostgresEventBusOptions) {
    const { databaseUrl, poolSize = 4, purgeIntervalMs = 600_000 } = options;
    this.#logger = options.logger ?? silentLogger();
    this.#metrics = options.metrics ?? NO_METRICS;
    this.#log = new PostgresLog(databaseUrl, poolSize, this.#signals, this.#logger);
    this.#listener = new LogListener(databaseUrl, this.#signals, this.#logger);
    this.#queue = new PublishQueue(this.#log, { ...DEFAULT_PUBLISH_LIMITS, ...options.publish }, this.#metrics);
    this.#stopPurging = schedulePurge(this.#log, purgeIntervalMs, this.#logger);
  }

  publish(records: readonly OutgoingRecord[], options: { readonly timeoutMs?: number } = {}): Promise<void> {
    return this.#queue.publish(records.map(toRawRecord), options.timeoutMs);
  }

  /** As `publish`, but of bytes: what is replayed must be what it was. */
  publishRaw(records: readonly RawRecord[]): Promise<void> {
    return this.#queue.publish(records);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    if (!options.ephemeral) {
      const deadLetters = deadLetterTopics(options.topics, options.group);
      await this.ensureTopics(
        deadLetters.map((name) => ({ name, cleanup: 'delete', retentionMs: DEAD_LETTER_RETENTION_MS })),
      );
    }
    const subscription = new LogSubscription(this.#log, this.#signals, {
      ...options,
      maxBatchSize: options.maxBatchSize ?? DEFAULT_MAX_BATCH_SIZE,
      maxRetries: options.maxRetries ?? DEFAULT_MAX_RETRIES,
      backoff: this.options.retryBackoff ?? DEFAULT_RETRY_BACKOFF,
      databaseUrl: this.options.databaseUrl,
      pollMs: this.options.pollMs ?? 1000,
      deadLetter: (record, cause) => this.#bury(record, options, cause),
      metrics: this.#metrics,
      logger: this.#logger,
    });
    this.#subscriptions.add(subscription);
    void subscription.stopped.catch(() => undefined).then(() => this.#subscriptions.delete(subscription));
    await this.#patiently(() => subscription.start());
    return subscription;
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    await this.#patiently(() => this.#log.createTopics(topics));
  }

  async checkHealth(): Promise<void> {
    if (this.#queue.isStalled()) throw new PublishError('unavailable', 'the event log does not answer');
    await this.#log.ready();
    await this.#log.pool.query('SELECT 1');
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.#queue.close(FLUSH_DEADLINE_MS);
    await this.#release();
  }

  /** Ends without flushing or storing anything, as a crash would. For tests. */
  async abandon(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.abandon()));
    await this.#queue.close(0);
    await this.#release();
  }

  async #release(): Promise<void> {
    this.#abort.abort();
    this.#stopPurging();
    await Promise.all([this.#listener.close(), this.#log.close()]);
  }

  async #patiently(action: () => Promise<void>): Promise<void> {
    await untilItWorks(action, {
      signal: this.#abort.signal,
      isPassing,
      onFirstFailure: (err) => this.#logger.warn({ err }, 'event log cannot be reached, trying again'),
    });
  }

  async #bury(record: LogRecord, options: SubscribeOptions, cause: DeathCause): Promise<void> {
    // Nobody could replay for a group that is forgotten with its process: logged and counted, that is all.
    if (options.ephemeral) return;
    const { key, value } = record;
    const deadLetter = {
      topic: deadLetterTopic(record.topic, options.group),
      key: Buffer.from(key),
      value,
      headers: deadLetterHeaders(record.headers(), record, cause),
    };
    await this.#queue.publish([deadLetter]);
  }
}
