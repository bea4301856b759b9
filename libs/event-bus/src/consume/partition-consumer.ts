import type { Logger } from '@opendls/logging';
import type { BusMetrics } from '../bus-metrics.js';
import type { BatchContext, BatchHandler, DeliveredRecord, Outcome } from '../event-bus.js';
import type { DeathCause } from './dead-letter.js';
import { backoffMs, type RetryBackoff } from './retry-backoff.js';

export const DEFAULT_MAX_RETRIES = 10;
export const DEFAULT_MAX_BATCH_SIZE = 500;
/** A handler that throws is a bug more often than an outage: it never holds up its partition for ever. */
const MAX_RETRIES_OF_A_THROW = DEFAULT_MAX_RETRIES;
const HANDLER_FAILED = 'handler-failed';

export interface PartitionConsumerOptions<R extends DeliveredRecord> {
  readonly topic: string;
  readonly group: string;
  readonly onBatch: BatchHandler;
  readonly maxBatchSize: number;
  readonly maxRetries: number;
  readonly backoff: RetryBackoff;
  /** Puts a record to the dead-letter topic; resolves when that is acknowledged. */
  readonly deadLetter: (record: R, cause: DeathCause) => Promise<void>;
  readonly metrics: BusMetrics;
  readonly logger: Logger;
}

export interface HandleContext extends BatchContext {
  /** False once the partition belongs to somebody else, or the subscription closes: stop at the next record. */
  isCurrent(): boolean;
}

export interface HandleResult {
  /** How many leading records are settled: their position may be committed. */
  readonly settled: number;
  /** Deliver the rest again after this time. */
  readonly retryInMs?: number;
}

/**
 * What the bus does with the records of one partition, whatever log they come from: calls the handler, acts on its
 * outcomes, counts retries, puts hopeless records to the dead-letter topic. Never throws.
 */
export class PartitionConsumer<R extends DeliveredRecord> {
  /** The first unsettled record, while it is being retried. */
  #retrying: { readonly offset: string; readonly attempts: number } | undefined;
  /** Goes to the dead-letter topic without being handled again. */
  #condemned: { readonly offset: string; readonly cause: DeathCause; readonly failures: number } | undefined;
  /** So many of the next records are handled one by one, to find the one the handler throws on. */
  #toIsolate = 0;

  constructor(private readonly options: PartitionConsumerOptions<R>) {}

  /** Handles records in order until all are settled or one must wait. */
  async handle(records: readonly R[], context: HandleContext): Promise<HandleResult> {
    let settled = 0;
    while (settled < records.length && context.isCurrent()) {
      const size = this.#toIsolate > 0 ? 1 : this.options.maxBatchSize;
      const chunk = records.slice(settled, settled + size);
      const begunAt = performance.now();
      const result = await this.#handleChunk(chunk, context);
      settled += result.settled;
      this.#toIsolate = Math.max(0, this.#toIsolate - result.settled);
      const { topic, group, metrics } = this.options;
      if (result.settled > 0) metrics.consumed(topic, group, result.settled, performance.now() - begunAt);
      if (result.retryInMs !== undefined) return { settled, retryInMs: result.retryInMs };
    }
    return { settled };
  }

  async #handleChunk(chunk: readonly R[], context: HandleContext): Promise<HandleResult> {
    const first = chunk[0];
    if (first && this.#condemned?.offset === first.offset) {
      const retryInMs = await this.#bury(first, this.#condemned.cause);
      return retryInMs === undefined ? { settled: 1 } : { settled: 0, retryInMs };
    }
    const outcomes = await this.#callHandler(chunk, context);
    if (outcomes === 'interrupted') return { settled: 0 };
    if (outcomes === 'isolate') return { settled: 0 };
    return this.#act(chunk, outcomes);
  }

  /** The handler's outcomes; a throw (or a wrong number of outcomes) becomes a `retry` of the one record it was about. */
  async #callHandler(
    chunk: readonly R[],
    context: HandleContext,
  ): Promise<readonly Outcome[] | 'interrupted' | 'isolate'> {
    const { topic, group, onBatch, logger } = this.options;
    try {
      const outcomes = await onBatch(chunk, context);
      if (outcomes.length === chunk.length) return outcomes;
      throw new Error(`the handler returned ${outcomes.length} outcomes for ${chunk.length} records`);
    } catch (error) {
      // The subscription closes: giving up by throwing is fine, and no attempt of the record.
      if (context.signal.aborted) return 'interrupted';
      logger.warn(
        { topic, group, offset: chunk[0]?.offset, records: chunk.length, err: error },
        'event handler failed',
      );
      if (chunk.length > 1) {
        this.#toIsolate = chunk.length;
        return 'isolate';
      }
      return [{ kind: 'retry', code: HANDLER_FAILED, detail: error instanceof Error ? error.name : typeof error }];
    }
  }

  async #act(chunk: readonly R[], outcomes: readonly Outcome[]): Promise<HandleResult> {
    for (const [index, record] of chunk.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome.kind === 'done') continue;
      const retryInMs = await this.#settle(record, outcome);
      if (retryInMs !== undefined) return { settled: index, retryInMs };
    }
    return { settled: chunk.length };
  }

  /** Undefined when the record is settled, else the time until it is tried again. */
  async #settle(record: R, outcome: Exclude<Outcome, { kind: 'done' }>): Promise<number | undefined> {
    const { topic, group, maxRetries, backoff, metrics, logger } = this.options;
    const attempts = this.#retrying?.offset === record.offset ? this.#retrying.attempts + 1 : 1;
    const limit = outcome.code === HANDLER_FAILED ? Math.min(maxRetries, MAX_RETRIES_OF_A_THROW) : maxRetries;
    if (outcome.kind === 'reject' || attempts > limit) {
      return this.#bury(record, { code: outcome.code, detail: outcome.detail, attempts });
    }
    this.#retrying = { offset: record.offset, attempts };
    metrics.retried(topic, group, outcome.code);
    const retryInMs = backoffMs(backoff, attempts);
    logger.debug({ topic, group, offset: record.offset, code: outcome.code, attempts, retryInMs }, 'event is retried');
    return retryInMs;
  }

  /** Never skips: while the dead-letter topic cannot be written the record stays where it is, without being handled again. */
  async #bury(record: R, cause: DeathCause): Promise<number | undefined> {
    const { topic, group, deadLetter, backoff, metrics, logger } = this.options;
    const { partition, offset } = record;
    try {
      await deadLetter(record, cause);
    } catch (error) {
      const failures = this.#condemned?.offset === offset ? this.#condemned.failures + 1 : 1;
      this.#condemned = { offset, cause, failures };
      logger.error({ topic, group, partition, offset, code: cause.code, err: error }, 'dead letter cannot be written');
      return backoffMs(backoff, failures);
    }
    this.#condemned = undefined;
    this.#retrying = undefined;
    metrics.deadLettered(topic, group, cause.code);
    logger.error({ topic, group, partition, offset, ...cause }, 'event went to the dead-letter topic');
    return undefined;
  }
}
