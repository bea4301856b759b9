import { Client } from 'pg';
import { LOCKS } from './log-schema.js';

/**
 * The connection on which a subscription holds its group's topics and stores its positions. When it breaks, the locks are
 * gone and nothing can be stored any more, so a member that lost its topic cannot overwrite its successor's positions.
 */
export class GroupSession {
  #isOpen = false;
  readonly #held = new Set<string>();
  readonly #client: Client;

  constructor(
    databaseUrl: string,
    private readonly group: string,
  ) {
    this.#client = new Client({
      connectionString: databaseUrl,
      application_name: `opendls-event-bus ${group}`.slice(0, 60),
      keepAlive: true,
      connectionTimeoutMillis: 5000,
      query_timeout: 30_000,
    });
    const close = (): void => void (this.#isOpen = false);
    this.#client.on('error', close);
    this.#client.on('end', close);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async open(): Promise<void> {
    await this.#client.connect();
    this.#isOpen = true;
    // A position that a crash of the database server loses only means delivering some records again.
    await this.#client.query('SET synchronous_commit = off');
  }

  /** Whether this member has the topic now; at most one member of the group can. */
  async take(topic: string): Promise<boolean> {
    if (this.#held.has(topic)) return true;
    const { rows } = await this.#client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1, hashtext($2)) AS taken',
      [LOCKS.space, `${this.group}|${topic}`],
    );
    if (rows[0]?.taken !== true) return false;
    this.#held.add(topic);
    return true;
  }

  /** Where the group is in a topic, or begins if it has not been there. */
  async position(topic: string, start: string): Promise<string> {
    await this.#client.query(
      'INSERT INTO event_position (consumer_group, topic, position) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [this.group, topic, start],
    );
    const { rows } = await this.#client.query<{ position: string }>(
      'SELECT position FROM event_position WHERE consumer_group = $1 AND topic = $2',
      [this.group, topic],
    );
    return rows[0]?.position ?? start;
  }

  async store(topic: string, position: string): Promise<void> {
    await this.#client.query('UPDATE event_position SET position = $3 WHERE consumer_group = $1 AND topic = $2', [
      this.group,
      topic,
      position,
    ]);
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#client.end().catch(() => undefined);
  }
}
