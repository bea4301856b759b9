import type { DeliveredRecord } from '../event-bus.js';

/** A row of `event_log` as the driver returns it. */
export interface LogRow {
  readonly id: string;
  readonly key: string;
  readonly headers: string;
  readonly value: Buffer | null;
  readonly created_at: Date;
}

export class LogRecord implements DeliveredRecord {
  /** The log of one topic has one order, so it is one partition. */
  readonly partition = 0;
  #headers: Map<string, string> | undefined;

  constructor(
    readonly topic: string,
    private readonly row: LogRow,
  ) {}

  get offset(): string {
    return this.row.id;
  }

  get key(): string {
    return this.row.key;
  }

  get value(): Buffer | null {
    return this.row.value;
  }

  get timestamp(): Date {
    return this.row.created_at;
  }

  header(name: string): string | undefined {
    return this.#decoded().get(name);
  }

  headers(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#decoded());
  }

  #decoded(): Map<string, string> {
    // Written by `PostgresLog.send` as an object of strings.
    this.#headers ??= new Map(Object.entries(JSON.parse(this.row.headers) as Record<string, string>));
    return this.#headers;
  }
}
