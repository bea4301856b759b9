import { createHash } from 'node:crypto';
import type { Logger } from '@opendls/logging';
import type { QueryRunner } from 'typeorm';
import type { Tx, UnitOfWork } from './unit-of-work.js';

/** Longer ids come from outside and may not fit into an index entry; their digest stands for them. */
const MAX_ID_LENGTH = 200;
const PURGE_BATCH = 10_000;

/** For migrations: the table of {@link ProcessedEvents}. */
export async function createProcessedEventTable(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE processed_event (
      consumer text NOT NULL,
      event_id text NOT NULL,
      processed_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT processed_event_pkey PRIMARY KEY (consumer, event_id)
    )`);
  await queryRunner.query('CREATE INDEX processed_event_processed_at ON processed_event (processed_at)');
}

export async function dropProcessedEventTable(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query('DROP TABLE processed_event');
}

/** Remembers which events had their effect, in the transaction of the effect. */
export class ProcessedEvents {
  /**
   * Marks events as processed by `consumer` and returns the ids that had not been before: only those may have an effect
   * in this transaction. Waits where another transaction is about to mark the same one.
   */
  async filterNew(tx: Tx, consumer: string, eventIds: readonly string[]): Promise<Set<string>> {
    if (eventIds.length === 0) return new Set();
    const byStored = new Map(eventIds.map((id) => [storedId(id), id]));
    const rows: { event_id: string }[] = await tx.query(
      // In one order everywhere, so that two batches that overlap cannot wait for each other.
      `INSERT INTO processed_event (consumer, event_id)
       SELECT $1::text, event_id FROM unnest($2::text[]) AS event_id ORDER BY event_id
       ON CONFLICT DO NOTHING RETURNING event_id`,
      [consumer, [...byStored.keys()]],
    );
    return new Set(rows.map(({ event_id }) => byStored.get(event_id) ?? event_id));
  }

  /** Forgets what was processed longer ago than any redelivery can be. Returns how many; at most one batch per call. */
  async purge(tx: Tx, olderThanMs: number): Promise<number> {
    const [, count]: [unknown, number] = await tx.query(
      `DELETE FROM processed_event WHERE (consumer, event_id) IN (
         SELECT consumer, event_id FROM processed_event
         WHERE processed_at < now() - $1 * interval '1 millisecond' ORDER BY processed_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [olderThanMs, PURGE_BATCH],
    );
    return count;
  }
}

function storedId(eventId: string): string {
  return eventId.length <= MAX_ID_LENGTH ? eventId : createHash('sha256').update(eventId).digest('base64url');
}

/** Purges now and then in the background until stopped. */
export function schedulePurge(options: {
  readonly unitOfWork: UnitOfWork;
  readonly processedEvents: ProcessedEvents;
  readonly olderThanMs: number;
  readonly everyMs: number;
  readonly logger: Logger;
}): { stop(): Promise<void> } {
  let isStopped = false;
  let running = Promise.resolve();
  const purge = async (): Promise<void> => {
    try {
      let count = PURGE_BATCH;
      while (!isStopped && count === PURGE_BATCH) {
        count = await options.unitOfWork.run((tx) => options.processedEvents.purge(tx, options.olderThanMs));
      }
    } catch (error) {
      options.logger.warn({ err: error }, 'processed events were not purged; tried again later');
    }
  };
  const timer = setInterval(() => {
    running = running.then(purge);
  }, options.everyMs);
  timer.unref();
  return {
    stop: async () => {
      isStopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
