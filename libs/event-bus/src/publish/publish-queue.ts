import type { BusMetrics } from '../bus-metrics.js';
import { PublishError } from '../event-bus.js';
import { sizeOf, type RawRecord } from './raw-record.js';

export interface PublishLimits {
  /** Least time between two requests: what arrives meanwhile shares one. The first after a pause is sent at once. */
  readonly lingerMs: number;
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
  /** One record's limit; a larger one is refused before it is queued. */
  readonly maxRecordBytes: number;
  readonly maxQueuedRecords: number;
  readonly maxQueuedBytes: number;
  /** How long a `publish` waits for its acknowledgement, unless it says otherwise. */
  readonly timeoutMs: number;
  /** A request (or a connection) that takes longer means the log is down: new publishes fail at once until it is over. */
  readonly stalledAfterMs: number;
}

export const DEFAULT_PUBLISH_LIMITS: PublishLimits = {
  lingerMs: 5,
  maxBatchRecords: 1000,
  maxBatchBytes: 512 * 1024,
  maxRecordBytes: 900 * 1024,
  maxQueuedRecords: 10_000,
  maxQueuedBytes: 32 * 1024 * 1024,
  timeoutMs: 10_000,
  stalledAfterMs: 1000,
};

/** The log behind the queue. */
export interface PublishTarget {
  /** Resolves when the log can be written to; pending while it cannot. */
  ready(): Promise<void>;
  /** Which of these topics do not exist. */
  unknownTopics(topics: ReadonlySet<string>): Promise<ReadonlySet<string>>;
  /** Writes all or throws; only one call at a time, so records of one key cannot overtake each other. */
  send(records: readonly RawRecord[]): Promise<void>;
}

/** One `publish` call; its records travel in one request. */
interface Job {
  readonly records: readonly RawRecord[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: PublishError) => void;
  timer: NodeJS.Timeout | undefined;
  isSettled: boolean;
}

/**
 * Collects the records of many `publish` calls into few requests, one request at a time, in the order of the calls.
 * Bounded in records, bytes and time: what does not fit, or waits too long, is rejected.
 */
export class PublishQueue {
  #jobs: Job[] = [];
  #queuedRecords = 0;
  #queuedBytes = 0;
  #isFlushScheduled = false;
  #busySince: number | undefined;
  #lastSentAt = -Infinity;
  #isClosed = false;
  #whenIdle: (() => void) | undefined;

  constructor(
    private readonly target: PublishTarget,
    private readonly limits: PublishLimits,
    private readonly metrics: BusMetrics,
  ) {}

  /** See `EventPublisher.publish`. */
  publish(records: readonly RawRecord[], timeoutMs = this.limits.timeoutMs): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    let bytes = 0;
    let largest = 0;
    for (const record of records) {
      const size = sizeOf(record);
      bytes += size;
      largest = Math.max(largest, size);
    }
    const refusal = this.#refusal(records.length, bytes, largest);
    if (refusal) {
      this.#countFailure(records, refusal);
      return Promise.reject(refusal);
    }
    return new Promise((resolve, reject) => {
      const job: Job = { records, bytes, resolve, reject, timer: undefined, isSettled: false };
      job.timer = setTimeout(() => this.#fail(job, timeout(timeoutMs)), timeoutMs);
      this.#jobs.push(job);
      this.#queuedRecords += records.length;
      this.#queuedBytes += bytes;
      this.#schedule();
    });
  }

  /** The log does not answer: publishing fails at once. */
  isStalled(): boolean {
    return this.#busySince !== undefined && performance.now() - this.#busySince > this.limits.stalledAfterMs;
  }

  /** Takes no more records, waits for those it has, rejects what is left after the deadline. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosed = true;
    if (this.#jobs.length > 0 || this.#busySince !== undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs);
        this.#whenIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const job of this.#jobs) this.#fail(job, new PublishError('closed', 'the event bus is closed'));
  }

  #refusal(records: number, bytes: number, largest: number): PublishError | undefined {
    if (this.#isClosed) return new PublishError('closed', 'the event bus is closed');
    const { maxRecordBytes, maxQueuedBytes, maxQueuedRecords } = this.limits;
    if (largest > maxRecordBytes || bytes > maxQueuedBytes) {
      return new PublishError('rejected', `a record of ${largest} bytes is over the limit of ${maxRecordBytes}`);
    }
    if (this.isStalled()) return new PublishError('unavailable', 'the event log does not answer');
    if (this.#queuedRecords + records > maxQueuedRecords || this.#queuedBytes + bytes > maxQueuedBytes) {
      return new PublishError('unavailable', 'too many records wait to be published');
    }
    return undefined;
  }

  #schedule(): void {
    if (this.#isFlushScheduled || this.#busySince !== undefined) return;
    this.#isFlushScheduled = true;
    const flush = (): void => {
      this.#isFlushScheduled = false;
      void this.#flush();
    };
    const waitMs = this.#lastSentAt + this.limits.lingerMs - performance.now();
    // Even with nothing to wait for: what this turn of the event loop still publishes belongs together.
    if (waitMs <= 0) setImmediate(flush);
    else setTimeout(flush, waitMs);
  }

  async #flush(): Promise<void> {
    this.#busySince = performance.now();
    let jobs: Job[] = [];
    try {
      await this.#untilReady();
      // Not before it is ready: what times out while waiting is certainly not written.
      this.#busySince = performance.now();
      jobs = await this.#withKnownTopics(this.#take());
      await this.#send(jobs);
      for (const job of jobs) this.#succeed(job);
    } catch (error) {
      for (const job of jobs) this.#fail(job, toPublishError(error));
    } finally {
      this.#busySince = undefined;
      if (this.#jobs.length > 0) this.#schedule();
      else this.#whenIdle?.();
    }
  }

  /** Where the log says that it is not going to be ready, everybody who waits for it is told. */
  async #untilReady(): Promise<void> {
    try {
      await this.target.ready();
    } catch (error) {
      for (const job of [...this.#jobs]) this.#fail(job, toPublishError(error));
    }
  }

  async #send(jobs: readonly Job[]): Promise<void> {
    if (jobs.length === 0) return;
    const records = jobs.length === 1 && jobs[0] ? jobs[0].records : jobs.flatMap((job) => job.records);
    this.#lastSentAt = performance.now();
    await this.target.send(records);
    const durationMs = performance.now() - this.#lastSentAt;
    this.metrics.batchSent(
      records.length,
      jobs.reduce((sum, job) => sum + job.bytes, 0),
    );
    for (const [topic, count] of countByTopic(records)) this.metrics.published(topic, count, durationMs);
  }

  /** The next jobs that fit into one request, at least one. */
  #take(): Job[] {
    let count = 0;
    let records = 0;
    let bytes = 0;
    for (const job of this.#jobs) {
      records += job.records.length;
      bytes += job.bytes;
      if (count > 0 && (records > this.limits.maxBatchRecords || bytes > this.limits.maxBatchBytes)) break;
      count += 1;
    }
    const taken = this.#jobs.splice(0, count);
    for (const job of taken) this.#release(job);
    return taken;
  }

  /** Rejects jobs for topics that do not exist: a broker would be asked for them again and again, and hold up the rest. */
  async #withKnownTopics(jobs: Job[]): Promise<Job[]> {
    const topics = new Set<string>();
    for (const job of jobs) for (const record of job.records) topics.add(record.topic);
    let unknown: ReadonlySet<string>;
    try {
      unknown = await this.target.unknownTopics(topics);
    } catch (error) {
      for (const job of jobs) this.#fail(job, toPublishError(error));
      return [];
    }
    if (unknown.size === 0) return jobs;
    return jobs.filter((job) => {
      const topic = job.records.find((record) => unknown.has(record.topic))?.topic;
      if (topic !== undefined) this.#fail(job, new PublishError('rejected', `there is no topic ${topic}`));
      return topic === undefined;
    });
  }

  #succeed(job: Job): void {
    if (job.isSettled) return;
    job.isSettled = true;
    clearTimeout(job.timer);
    job.resolve();
  }

  #fail(job: Job, error: PublishError): void {
    if (job.isSettled) return;
    job.isSettled = true;
    clearTimeout(job.timer);
    const index = this.#jobs.indexOf(job);
    if (index >= 0) {
      this.#jobs.splice(index, 1);
      this.#release(job);
    }
    this.#countFailure(job.records, error);
    job.reject(error);
  }

  #release(job: Job): void {
    this.#queuedRecords -= job.records.length;
    this.#queuedBytes -= job.bytes;
  }

  #countFailure(records: readonly RawRecord[], error: PublishError): void {
    for (const [topic, count] of countByTopic(records)) this.metrics.publishFailed(topic, count, error.code);
  }
}

function countByTopic(records: readonly RawRecord[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const record of records) counts.set(record.topic, (counts.get(record.topic) ?? 0) + 1);
  return counts;
}

function timeout(timeoutMs: number): PublishError {
  return new PublishError('timeout', `not acknowledged within ${timeoutMs} ms`);
}

function toPublishError(error: unknown): PublishError {
  if (error instanceof PublishError) return error;
  return new PublishError('unavailable', 'the event log could not be written', { cause: error });
}
