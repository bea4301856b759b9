import type { Logger } from '@opendls/logging';
import { Pool } from 'pg';
import { PublishError, type TopicSettings } from '../event-bus.js';
import type { PublishTarget } from '../publish/publish-queue.js';
import type { RawHeader, RawRecord } from '../publish/raw-record.js';
import { LogRecord, type LogRow } from './log-record.js';
import { ensureLogSchema } from './log-schema.js';
import { isRefusal } from './postgres-errors.js';
import type { TopicSignals } from '../topic-signals.js';

const QUERY_TIMEOUT_MS = 30_000;

/** The statements of the log. */
export class PostgresLog implements PublishTarget {
  readonly pool: Pool;
  #schema: Promise<void> | undefined;
  #knownTopics = new Set<string>();

  constructor(
    databaseUrl: string,
    poolSize: number,
    private readonly signals: TopicSignals,
    logger: Logger,
  ) {
    this.pool = new Pool({
      connectionString: databaseUrl,
      application_name: 'opendls-event-bus',
      max: poolSize,
      keepAlive: true,
      connectionTimeoutMillis: 5000,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    // An idle connection that breaks (database restart) is replaced at the next use.
    this.pool.on('error', (err) => logger.debug({ err }, 'event log connection lost'));
  }

  /** The tables exist. Tried again at the next call when the database is away. */
  ready(): Promise<void> {
    this.#schema ??= ensureLogSchema(this.pool).catch((error: unknown) => {
      this.#schema = undefined;
      throw error;
    });
    return this.#schema;
  }

  async unknownTopics(topics: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const isMissing = (topic: string): boolean => !this.#knownTopics.has(topic);
    if ([...topics].some(isMissing)) {
      const { rows } = await this.pool.query<{ name: string }>('SELECT name FROM event_topic');
      this.#knownTopics = new Set(rows.map((row) => row.name));
    }
    return new Set([...topics].filter(isMissing));
  }

  async send(records: readonly RawRecord[]): Promise<void> {
    const columns = [
      records.map((record) => record.topic),
      records.map((record) => record.key?.toString() ?? ''),
      records.map((record) => JSON.stringify(textHeaders(record.headers))),
      records.map((record) => record.value),
    ];
    try {
      await this.pool.query({ name: 'append', text: 'SELECT event_log_append($1, $2, $3, $4)', values: columns });
    } catch (error) {
      throw isRefusal(error)
        ? new PublishError('rejected', 'the event log refused the records', { cause: error })
        : new PublishError('unavailable', 'the event log could not be written', { cause: error });
    }
    for (const topic of new Set(columns[0] as string[])) this.signals.raise(topic);
  }

  async createTopics(topics: readonly TopicSettings[]): Promise<void> {
    await this.ready();
    await this.pool.query(
      `INSERT INTO event_topic (name, cleanup, retention_ms)
       SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) ON CONFLICT DO NOTHING`,
      [
        topics.map((topic) => topic.name),
        topics.map((topic) => topic.cleanup),
        topics.map((topic) => topic.retentionMs ?? null),
      ],
    );
  }

  /** The position behind the last record of the whole log. */
  async end(): Promise<string> {
    await this.ready();
    const { rows } = await this.pool.query<{ last: string }>('SELECT coalesce(max(id), 0) AS last FROM event_log');
    return rows[0]?.last ?? '0';
  }

  /** The next records of a topic behind a position, in order. */
  async read(topic: string, position: string, limit: number): Promise<LogRecord[]> {
    const { rows } = await this.pool.query<LogRow>({
      name: 'read',
      text: 'SELECT id, key, headers, value, created_at FROM event_log WHERE topic = $1 AND id > $2 ORDER BY id LIMIT $3',
      values: [topic, position, limit],
    });
    return rows.map((row) => new LogRecord(topic, row));
  }

  /** How many records of a topic are behind a position, counted up to a limit. */
  async countBehind(topic: string, position: string, limit: number): Promise<number> {
    const { rows } = await this.pool.query<{ count: string }>(
      'SELECT count(*) FROM (SELECT FROM event_log WHERE topic = $1 AND id > $2 LIMIT $3) AS behind',
      [topic, position, limit],
    );
    return Number(rows[0]?.count ?? 0);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

function textHeaders(headers: Readonly<Record<string, RawHeader>>): Record<string, string> {
  const entries = Object.entries(headers);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, String(Array.isArray(value) ? (value.at(-1) ?? '') : value)]),
  );
}
