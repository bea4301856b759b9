import type { Logger } from '@opendls/logging';
import { Client } from 'pg';
import { LOG_CHANNEL } from './log-schema.js';
import type { TopicSignals } from '../topic-signals.js';

const RECONNECT_MS = 1000;

/** Hears what other processes append. Only a short cut: readers also look by themselves from time to time. */
export class LogListener {
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly databaseUrl: string,
    private readonly signals: TopicSignals,
    private readonly logger: Logger,
  ) {
    void this.#connect();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = new Client({
      connectionString: this.databaseUrl,
      application_name: 'opendls-event-bus-listener',
      keepAlive: true,
      connectionTimeoutMillis: 5000,
    });
    this.#client = client;
    client.on('notification', ({ payload }) => {
      if (payload) this.signals.raise(payload);
    });
    client.on('error', (err) => this.logger.debug({ err }, 'event log listener lost its connection'));
    client.on('end', () => this.#reconnect(client));
    try {
      await client.connect();
      await client.query(`LISTEN ${LOG_CHANNEL}`);
      // What was appended while nobody listened.
      this.signals.raiseAll();
    } catch {
      this.#reconnect(client);
    }
  }

  #reconnect(client: Client): void {
    if (this.#isClosed || client !== this.#client) return;
    this.#client = undefined;
    void client.end().catch(() => undefined);
    this.#timer = setTimeout(() => void this.#connect(), RECONNECT_MS).unref();
  }
}
