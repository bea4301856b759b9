/**
 * The port every service publishes and consumes through. Two adapters keep its promises: Kafka (scale-out) and a log in
 * PostgreSQL (standalone). `describeEventBus` in `@opendls/event-bus/testing` is the contract both are held to.
 */

/** One record to publish. `key` decides the order: records of one key arrive in the order they were published. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 JSON, or `null` for a tombstone on a compacted topic. */
  readonly value: string | null;
}

/** One record as delivered. Headers are decoded on demand, so that a record can be skipped by header without parsing it. */
export interface DeliveredRecord {
  readonly topic: string;
  readonly partition: number;
  /** Position in the partition, as decimal text. */
  readonly offset: string;
  readonly key: string;
  header(name: string): string | undefined;
  headers(): Readonly<Record<string, string>>;
  readonly value: Uint8Array | null;
  readonly timestamp: Date;
}

/**
 * What a consumer says of one record:
 * - `done`: handled (or deliberately ignored); never delivered to the group again.
 * - `retry`: a passing fault (database down): the record, and what follows it in its partition, is delivered again after a
 *   bounded backoff; when the retries are exhausted it goes to the dead-letter topic.
 * - `reject`: it can never be handled: straight to the dead-letter topic `<topic>.dlq.<group>` with its original bytes.
 * A handler that throws is treated as `retry` with code `handler-failed`.
 */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly code: string; readonly detail?: string }
  | { readonly kind: 'reject'; readonly code: string; readonly detail?: string };

export const DONE: Outcome = { kind: 'done' };

export interface BatchContext {
  /** Aborted when the subscription closes: give up waiting, return what is known. */
  readonly signal: AbortSignal;
  /** Tells the broker that the handler is alive; called by long-running handlers. */
  heartbeat(): Promise<void>;
}

/** Gets records of one partition in order; returns one outcome per record, at the same positions. */
export type BatchHandler = (records: readonly DeliveredRecord[], context: BatchContext) => Promise<readonly Outcome[]>;

export interface SubscribeOptions {
  readonly topics: readonly string[];
  /** Consumers that share a group share the work; positions are kept per group. */
  readonly group: string;
  /** Where a group without positions begins. `end`: from what is published after `subscribe` resolved. */
  readonly from: 'beginning' | 'end';
  readonly onBatch: BatchHandler;
  /** Most records per batch. Default 500. */
  readonly maxBatchSize?: number;
  /** The group is this process's own and is forgotten when the subscription closes (broadcast consumption). */
  readonly ephemeral?: boolean;
  /**
   * Called once, when everything that was in the topics at the start has been handled. For an ephemeral group from the
   * beginning: before that it knows only a part.
   */
  readonly onCaughtUp?: () => void;
  /** Retries of one record before it goes to the dead-letter topic; `Infinity` waits for ever. Default 10. */
  readonly maxRetries?: number;
}

export interface Subscription {
  /** Rejects with the reason when the consumer stopped for good: the process should exit and be restarted. */
  readonly stopped: Promise<void>;
  /** Throws when the consumer is not consuming. */
  checkHealth(): void;
  /** Records behind the end of the log, over all assigned partitions, as last known. */
  lag(): number;
  /** Stops taking records, waits for the running batch, commits. */
  close(): Promise<void>;
}

/** How a topic is created when it does not exist. */
export interface TopicSettings {
  readonly name: string;
  readonly cleanup: 'delete' | 'compact';
  /** For `delete`: how long records are kept. */
  readonly retentionMs?: number;
}

export interface EventPublisher {
  /**
   * Resolves when every record is acknowledged (Kafka: all in-sync replicas; PostgreSQL: committed), rejects with
   * {@link PublishError} when any may not be. Records of several calls are collected into one request.
   */
  publish(records: readonly OutgoingRecord[], options?: { readonly timeoutMs?: number }): Promise<void>;
}

export interface EventBus extends EventPublisher {
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Creates missing topics with their settings (and their dead-letter topics as needed); existing ones are left alone. */
  ensureTopics(topics: readonly TopicSettings[]): Promise<void>;
  /** Throws when the bus cannot be published to right now. */
  checkHealth(): Promise<void>;
  /** Flushes what is being published, closes every subscription. */
  close(): Promise<void>;
}

/**
 * - `unavailable`: the log does not answer, or too much waits for it.
 * - `timeout`: not acknowledged in time; it may still be written.
 * - `rejected`: the log will never take these records.
 * - `closed`: this process is stopping.
 */
export type PublishErrorCode = 'unavailable' | 'timeout' | 'rejected' | 'closed';

/** `publish` failed: the records may or may not be in the log (`unknown` outcome) or certainly are not. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  constructor(
    readonly code: PublishErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
