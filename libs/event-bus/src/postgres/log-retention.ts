import type { Logger } from '@opendls/logging';
import type { PoolClient } from 'pg';
import { inTransaction, LOCKS } from './log-schema.js';
import type { PostgresLog } from './postgres-log.js';

/** A tombstone stays this long, so that every reader has a chance to see it. */
const TOMBSTONES_MS = 24 * 60 * 60 * 1000;

interface TopicRow {
  readonly name: string;
  readonly cleanup: 'delete' | 'compact';
  readonly retention_ms: string | null;
}

/** Removes what the topics' settings say may go. One process at a time; how many records went, or undefined if another is at it. */
export async function purgeLog(log: PostgresLog): Promise<number | undefined> {
  await log.ready();
  return inTransaction(log.pool, async (client) => {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS taken', [
      LOCKS.space,
      LOCKS.purge,
    ]);
    if (rows[0]?.taken !== true) return undefined;
    const topics = await client.query<TopicRow>('SELECT name, cleanup, retention_ms FROM event_topic');
    let removed = 0;
    for (const topic of topics.rows) {
      if (topic.cleanup === 'compact') removed += await compact(client, topic.name);
      else if (topic.retention_ms !== null) removed += await expire(client, topic.name, Number(topic.retention_ms));
    }
    return removed;
  });
}

/** Times rise with ids, so the first record that is young enough is the border: no index on time is needed. */
async function expire(client: PoolClient, topic: string, retentionMs: number): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM event_log WHERE topic = $1 AND id < coalesce(
       (SELECT id FROM event_log WHERE topic = $1 AND created_at >= clock_timestamp() - $2 * interval '1 millisecond'
        ORDER BY id LIMIT 1),
       (SELECT max(id) + 1 FROM event_log WHERE topic = $1))`,
    [topic, retentionMs],
  );
  return rowCount ?? 0;
}

/** Keeps the latest record of each key, and no tombstone for ever. */
async function compact(client: PoolClient, topic: string): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM event_log USING (
       SELECT id, row_number() OVER (PARTITION BY key ORDER BY id DESC) AS age, value IS NULL AS is_tombstone, created_at
       FROM event_log WHERE topic = $1) AS ranked
     WHERE event_log.id = ranked.id AND (ranked.age > 1
       OR (ranked.is_tombstone AND ranked.created_at < clock_timestamp() - $2 * interval '1 millisecond'))`,
    [topic, TOMBSTONES_MS],
  );
  return rowCount ?? 0;
}

/** Purges from time to time; the returned function ends that. */
export function schedulePurge(log: PostgresLog, intervalMs: number, logger: Logger): () => void {
  const timer = setInterval(() => {
    purgeLog(log).then(
      (removed) => {
        if (removed) logger.info({ removed }, 'event log purged');
      },
      (err: unknown) => logger.warn({ err }, 'event log could not be purged'),
    );
  }, intervalMs).unref();
  return () => clearInterval(timer);
}
