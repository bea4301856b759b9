import type { KafkaMessage } from 'kafkajs';
import type { DeliveredRecord } from '../event-bus.js';
import type { RawHeader } from '../publish/raw-record.js';

/** A record as kafkajs delivers it; nothing is decoded before somebody asks. */
export class KafkaRecord implements DeliveredRecord {
  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly message: KafkaMessage,
  ) {}

  get offset(): string {
    return this.message.offset;
  }

  get key(): string {
    return this.message.key?.toString() ?? '';
  }

  get value(): Uint8Array | null {
    return this.message.value;
  }

  get timestamp(): Date {
    return new Date(Number(this.message.timestamp));
  }

  get rawKey(): Buffer | null {
    return this.message.key;
  }

  get rawValue(): Buffer | null {
    return this.message.value;
  }

  get rawHeaders(): Record<string, RawHeader> {
    const headers: Record<string, RawHeader> = {};
    for (const [name, value] of Object.entries(this.message.headers ?? {})) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  }

  header(name: string): string | undefined {
    const headers = this.message.headers;
    // The name is the caller's, but the object is filled by whoever published: no inherited properties.
    if (!headers || !Object.hasOwn(headers, name)) return undefined;
    return textOf(headers[name]);
  }

  headers(): Readonly<Record<string, string>> {
    const entries = Object.entries(this.message.headers ?? {});
    return Object.fromEntries(entries.map(([name, value]) => [name, textOf(value) ?? '']));
  }
}

/** Of a header that occurs more than once, the last counts. */
function textOf(value: Buffer | string | (Buffer | string)[] | undefined): string | undefined {
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last?.toString();
}
