import type { DeliveredRecord, OutgoingRecord } from '../event-bus.js';

export class InMemoryRecord implements DeliveredRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly timestamp = new Date();
  readonly #headers: ReadonlyMap<string, string>;

  constructor(
    record: OutgoingRecord,
    readonly partition: number,
    readonly offset: string,
  ) {
    this.topic = record.topic;
    this.key = record.key;
    this.value = record.value === null ? null : Buffer.from(record.value);
    this.#headers = new Map(Object.entries(record.headers));
  }

  header(name: string): string | undefined {
    return this.#headers.get(name);
  }

  headers(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#headers);
  }

  /** The value as text, for assertions. */
  text(): string | null {
    return this.value === null ? null : Buffer.from(this.value).toString();
  }
}
