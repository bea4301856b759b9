import { Pool } from 'pg';
import { isDeadLetterTopic, sourceTopic, withoutDeadLetterHeaders } from '../consume/dead-letter.js';
import { createPostgresEventBus } from '../postgres/postgres-event-bus.js';
import { REPLAY_GROUP, type DeadLetterLog } from './dead-letter-log.js';

const COUNTS = `
SELECT t.name AS topic, count(l.id) AS total,
  count(l.id) FILTER (WHERE l.id > coalesce(p.position, 0)) AS waiting
FROM event_topic t
LEFT JOIN event_position p ON p.topic = t.name AND p.consumer_group = $1
LEFT JOIN event_log l ON l.topic = t.name
GROUP BY t.name ORDER BY t.name`;

/** The dead letters of a log in PostgreSQL. */
export function postgresDeadLetters(databaseUrl: string): DeadLetterLog {
  const bus = createPostgresEventBus({ databaseUrl, pollMs: 200 });
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  return {
    bus,
    async topics() {
      await bus.checkHealth();
      const { rows } = await pool.query<{ topic: string; total: string; waiting: string }>(COUNTS, [REPLAY_GROUP]);
      return rows
        .filter((row) => isDeadLetterTopic(row.topic))
        .map((row) => ({ topic: row.topic, total: Number(row.total), waiting: Number(row.waiting) }));
    },
    publishRaw: (records) => bus.publishRaw(records),
    original: (record) => ({
      topic: sourceTopic(record.topic),
      key: Buffer.from(record.key),
      value: record.value === null ? null : Buffer.from(record.value),
      headers: withoutDeadLetterHeaders(record.headers()),
    }),
    async close() {
      await Promise.all([bus.close(), pool.end()]);
    },
  };
}
