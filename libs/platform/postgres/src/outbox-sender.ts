import { isErrorLike, type Logger } from '@opendls/logging';
import type { RelayCounts } from './outbox-relay.js';
import type { OutboxRow, OutboxSession } from './outbox-session.js';
import type { RecordPublisher } from './outgoing-record.js';

/** A record refused this often, alone, cannot be published: it is set aside, so that the others can. */
const MAX_REJECTIONS = 5;
const PURGE_EVERY_MS = 30_000;
const PURGE_BATCH = 5_000;

export interface SenderOptions {
  readonly publisher: RecordPublisher;
  readonly logger: Logger;
  readonly batchSize?: number;
  readonly publishTimeoutMs?: number;
  readonly retentionMs?: number;
}

/** Takes batches from the outbox to the publisher, over one session. */
export class OutboxSender {
  /** Up to this id records go one by one: the batch they were in was refused, and one of them is the reason. */
  private carefulUntil = 0n;
  private rejected = { id: '', times: 0 };
  private nextPurgeAt = 0;

  constructor(
    private readonly options: SenderOptions,
    private readonly counts: RelayCounts,
  ) {}

  /**
   * Sends until nothing is left, publishing fails, or `isTimeUp`. A batch whose publication failed is sent again as a
   * whole before anything after it: that repeats records, and keeps the order. Rejects when the session is lost.
   */
  async drain(session: OutboxSession, isTimeUp: () => boolean): Promise<{ readonly error?: unknown }> {
    const full = this.options.batchSize ?? 500;
    while (!isTimeUp()) {
      const limit = this.carefulUntil > 0n ? 1 : full;
      const rows = await session.unsent(limit);
      const last = rows.at(-1);
      if (!last) break;
      const error = await this.publish(rows);
      if (error !== undefined) {
        await this.judge(session, rows, error);
        return { error };
      }
      await session.markSent(rows.map(({ id }) => id));
      this.counts.published += rows.length;
      if (BigInt(last.id) >= this.carefulUntil) this.carefulUntil = 0n;
      if (rows.length < limit) break;
    }
    await this.purgeNowAndThen(session, isTimeUp);
    return {};
  }

  private async publish(rows: readonly OutboxRow[]): Promise<unknown> {
    try {
      await this.options.publisher.publish(
        rows.map(({ topic, key, headers, value }) => ({ topic, key, headers, value })),
        { timeoutMs: this.options.publishTimeoutMs ?? 10_000 },
      );
      return undefined;
    } catch (error) {
      return error ?? new Error('the publisher rejected without a reason');
    }
  }

  /** A passing fault is waited out, however long. A refused record is found, tried again, and in the end set aside. */
  private async judge(session: OutboxSession, rows: readonly OutboxRow[], error: unknown): Promise<void> {
    this.counts.failures += 1;
    this.options.logger.warn({ err: error, records: rows.length }, 'the outbox could not be published; tried again');
    const [first] = rows;
    const last = rows.at(-1);
    if (!first || !last || !isRejection(error)) return;
    if (rows.length > 1) {
      this.carefulUntil = BigInt(last.id);
      return;
    }
    this.rejected = { id: first.id, times: this.rejected.id === first.id ? this.rejected.times + 1 : 1 };
    if (this.rejected.times < MAX_REJECTIONS) return;
    await session.park(first.id);
    this.counts.parked += 1;
    this.options.logger.error(
      { outboxId: first.id, topic: first.topic },
      'an outbox record is refused and was set aside',
    );
  }

  private async purgeNowAndThen(session: OutboxSession, isTimeUp: () => boolean): Promise<void> {
    if (Date.now() < this.nextPurgeAt) return;
    this.nextPurgeAt = Date.now() + PURGE_EVERY_MS;
    let count = PURGE_BATCH;
    while (count === PURGE_BATCH && !isTimeUp()) {
      count = await session.purge(this.options.retentionMs ?? 3_600_000, PURGE_BATCH);
    }
  }
}

function isRejection(error: unknown): boolean {
  return isErrorLike(error) && 'code' in error && error.code === 'rejected';
}
