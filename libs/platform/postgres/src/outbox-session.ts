import type { OutgoingRecord } from './outgoing-record.js';
import pg from 'pg';

export interface OutboxRow extends OutgoingRecord {
  readonly id: string;
}

export const OUTBOX_CHANNEL = 'opendls_outbox';
const LOCK = `hashtextextended('opendls.outbox-relay', 0)`;

/**
 * The relay's own connection. The lock that makes a relay the active one belongs to it: who loses the connection has lost
 * the lock, and cannot mark anything as sent any more.
 */
export class OutboxSession {
  private constructor(private readonly client: pg.Client) {}

  /** Connects and listens for records appended by other processes. `onEnd` is called when the connection is lost. */
  static async open(options: {
    readonly url: string;
    readonly name: string;
    /** The server ends a session that is silent for longer: a frozen process does not keep the lock. */
    readonly idleTimeoutMs: number;
    readonly onNotification: () => void;
    readonly onEnd: () => void;
  }): Promise<OutboxSession> {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: options.name,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 30_000,
      query_timeout: 35_000,
      keepAlive: true,
      options: `-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c idle_session_timeout=${options.idleTimeoutMs}`,
    });
    client.on('error', () => undefined); // 'end' follows; the statement that was running rejects
    client.on('end', options.onEnd);
    client.on('notification', options.onNotification);
    await client.connect();
    try {
      await client.query(`LISTEN ${OUTBOX_CHANNEL}`);
    } catch (error) {
      await client.end();
      throw error;
    }
    return new OutboxSession(client);
  }

  async tryLock(): Promise<boolean> {
    const { rows } = await this.client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS locked`);
    return rows[0]?.locked === true;
  }

  /** Wakes the active relay, wherever it runs. */
  async notify(): Promise<void> {
    await this.client.query(`NOTIFY ${OUTBOX_CHANNEL}`);
  }

  /** The oldest unsent records, by id: also those whose transaction committed after later ones were sent. */
  async unsent(limit: number): Promise<OutboxRow[]> {
    const { rows } = await this.client.query<OutboxRow>({
      name: 'outbox-unsent',
      text: `SELECT id, topic, key, headers, value FROM outbox
             WHERE sent_at IS NULL AND parked_at IS NULL ORDER BY id LIMIT $1`,
      values: [limit],
    });
    return rows;
  }

  async markSent(ids: readonly string[]): Promise<void> {
    await this.client.query({
      name: 'outbox-mark-sent',
      text: 'UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY($1::bigint[])',
      values: [ids],
    });
  }

  async park(id: string): Promise<void> {
    await this.client.query('UPDATE outbox SET parked_at = clock_timestamp() WHERE id = $1', [id]);
  }

  async purge(sentBeforeMs: number, limit: number): Promise<number> {
    const { rowCount } = await this.client.query(
      `DELETE FROM outbox WHERE id IN (
         SELECT id FROM outbox WHERE sent_at < now() - $1 * interval '1 millisecond' ORDER BY sent_at LIMIT $2)`,
      [sentBeforeMs, limit],
    );
    return rowCount ?? 0;
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
