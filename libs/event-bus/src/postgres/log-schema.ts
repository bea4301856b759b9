import type { Pool, PoolClient } from 'pg';

/** What is appended is announced on this channel; the payload is the topic. */
export const LOG_CHANNEL = 'opendls_event_log';

/** Advisory locks share one name space per database; this is our part of it. */
const LOCK_SPACE = 0x0de5_10d0;
const APPEND_LOCK = 1;
const SCHEMA_LOCK = 2;
export const PURGE_LOCK = 3;
export const LOCKS = { space: LOCK_SPACE, append: APPEND_LOCK, schema: SCHEMA_LOCK, purge: PURGE_LOCK } as const;

/**
 * The log is one table, in the order of `id`. Appending holds a lock until commit, so ids become visible in their order: a
 * reader that has seen an id will never find a lower one appear behind it. Without the lock a slow transaction with a low id
 * would commit after a fast one with a higher id, and every reader that had passed the higher one would miss it.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS event_topic (
  name text PRIMARY KEY,
  cleanup text NOT NULL CHECK (cleanup IN ('delete', 'compact')),
  retention_ms bigint
);
CREATE TABLE IF NOT EXISTS event_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  key text NOT NULL,
  headers text NOT NULL,
  value bytea,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS event_log_topic ON event_log (topic, id);
CREATE TABLE IF NOT EXISTS event_position (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (consumer_group, topic)
);
CREATE OR REPLACE FUNCTION event_log_append(topics text[], keys text[], headers text[], vals bytea[]) RETURNS void AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK_SPACE}, ${APPEND_LOCK});
  INSERT INTO event_log (topic, key, headers, value)
    SELECT r.topic, r.key, r.headers, r.value
    FROM unnest(topics, keys, headers, vals) WITH ORDINALITY AS r(topic, key, headers, value, place)
    ORDER BY r.place;
  PERFORM pg_notify('${LOG_CHANNEL}', t) FROM (SELECT DISTINCT unnest(topics) AS t) AS changed;
END
$$ LANGUAGE plpgsql`;

/** Creates the tables of the log where they are missing. */
export async function ensureLogSchema(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    // CREATE ... IF NOT EXISTS of two processes at once can still fail on each other.
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCKS.space, LOCKS.schema]);
    await client.query(SCHEMA);
  });
}

/** Runs something in one transaction of its own. */
export async function inTransaction<T>(pool: Pool, action: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await action(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // The connection may be the reason: it is not used again.
    client.release(true);
    throw error;
  }
}
