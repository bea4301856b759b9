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
import { KafkaClient, type KafkaConnection } from './kafka-client.js';
import { isRetriable } from './kafka-errors.js';
import { KafkaPublisher } from './kafka-publisher.js';
import type { KafkaRecord } from './kafka-record.js';
import { KafkaSubscription } from './kafka-subscription.js';
import { createMissingTopics, DEFAULT_TOPIC_LAYOUT, type TopicLayout } from './kafka-topics.js';

const FLUSH_DEADLINE_MS = 5000;

export interface KafkaEventBusOptions extends KafkaConnection {
  readonly logger?: Logger;
  readonly metrics?: BusMetrics;
  readonly publish?: Partial<PublishLimits>;
  /** For topics this process creates. */
  readonly topics?: Partial<TopicLayout>;
  readonly retryBackoff?: RetryBackoff;
  /** After this time without a heartbeat a member's partitions go to the others. */
  readonly sessionTimeoutMs?: number;
  /** How long the broker may hold back a fetch without data; data is sent at once. */
  readonly fetchWaitMs?: number;
  /**
   * Least time from one fetch to the next while records keep coming. Saves CPU under load and delays records by at most as
   * much; after a quiet time nothing waits. Default 5.
   */
  readonly fetchIntervalMs?: number;
}

/**
 * The event bus on Kafka. Returns at once and connects in the background: a cluster that is away at the start is waited
 * for, and one that goes away too.
 */
export function createKafkaEventBus(options: KafkaEventBusOptions): KafkaEventBus {
  return new KafkaEventBus(options);
}

export class KafkaEventBus implements EventBus {
  readonly #client: KafkaClient;
  readonly #publisher: KafkaPublisher;
  readonly #queue: PublishQueue;
  readonly #subscriptions = new Set<KafkaSubscription>();
  readonly #logger: Logger;
  readonly #metrics: BusMetrics;
  readonly #layout: TopicLayout;
  readonly #abort = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(private readonly options: KafkaEventBusOptions) {
    this.#logger = options.logger ?? silentLogger();
    this.#metrics = options.metrics ?? NO_METRICS;
    this.#layout = { ...DEFAULT_TOPIC_LAYOUT, ...options.topics };
    this.#client = new KafkaClient(options, this.#logger);
    this.#publisher = new KafkaPublisher(options, this.#client, this.#logger);
    this.#queue = new PublishQueue(this.#publisher, { ...DEFAULT_PUBLISH_LIMITS, ...options.publish }, this.#metrics);
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
      await this.#createTopics(
        deadLetters.map((name) => ({ name, cleanup: 'delete', retentionMs: DEAD_LETTER_RETENTION_MS })),
        { ...this.#layout, partitions: 1 },
      );
    }
    const subscription = new KafkaSubscription(this.#client, {
      ...options,
      maxBatchSize: options.maxBatchSize ?? DEFAULT_MAX_BATCH_SIZE,
      maxRetries: options.maxRetries ?? DEFAULT_MAX_RETRIES,
      backoff: this.options.retryBackoff ?? DEFAULT_RETRY_BACKOFF,
      sessionTimeoutMs: this.options.sessionTimeoutMs ?? 10_000,
      fetchWaitMs: this.options.fetchWaitMs ?? 250,
      fetchIntervalMs: this.options.fetchIntervalMs ?? 5,
      deadLetter: (record, cause) => this.#bury(record, options, cause),
      metrics: this.#metrics,
      logger: this.#logger,
    });
    this.#subscriptions.add(subscription);
    void subscription.stopped.catch(() => undefined).then(() => this.#subscriptions.delete(subscription));
    await subscription.start();
    return subscription;
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    await this.#createTopics(topics, this.#layout);
  }

  async checkHealth(): Promise<void> {
    if (!this.#publisher.isConnected()) throw new PublishError('unavailable', 'not connected to Kafka');
    if (this.#queue.isStalled()) throw new PublishError('unavailable', 'Kafka does not answer');
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.#queue.close(FLUSH_DEADLINE_MS);
    this.#abort.abort();
    this.#publisher.close();
    this.#client.cut();
  }

  /** Ends without flushing, committing or leaving groups, as a crash would. For tests. */
  async abandon(): Promise<void> {
    this.#abort.abort();
    this.#publisher.close();
    this.#client.cut();
    for (const subscription of this.#subscriptions) subscription.abandon();
    await this.#queue.close(0);
  }

  /** A cluster that has just started answers "loading" for a while; one that is away is waited for. */
  async #createTopics(topics: readonly TopicSettings[], layout: TopicLayout): Promise<void> {
    await untilItWorks(() => this.#client.withAdmin((admin) => createMissingTopics(admin, topics, layout)), {
      signal: this.#abort.signal,
      isPassing: isRetriable,
      onFirstFailure: (err) => this.#logger.warn({ err }, 'topics cannot be created yet, trying again'),
    });
  }

  async #bury(record: KafkaRecord, options: SubscribeOptions, cause: DeathCause): Promise<void> {
    // Nobody could replay for a group that is forgotten with its process: logged and counted, that is all.
    if (options.ephemeral) return;
    const deadLetter: RawRecord = {
      topic: deadLetterTopic(record.topic, options.group),
      key: record.rawKey,
      value: record.rawValue,
      headers: deadLetterHeaders(record.rawHeaders, record, cause),
    };
    await this.#queue.publish([deadLetter]);
  }
}
