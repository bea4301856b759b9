import type { OutgoingRecord } from '../event-bus.js';

/** A record on its way into the log, as bytes; a dead letter keeps those of its original. */
export interface RawRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, RawHeader>>;
}

/** A header that occurs more than once (foreign producers) is a list. */
export type RawHeader = string | Buffer | (string | Buffer)[];

/** What a record takes on the wire besides its key, value and headers, roughly. */
const OVERHEAD_BYTES = 32;

export function toRawRecord(record: OutgoingRecord): RawRecord {
  return {
    topic: record.topic,
    key: Buffer.from(record.key),
    value: record.value === null ? null : Buffer.from(record.value),
    headers: record.headers,
  };
}

/** Roughly what a record takes in a request; for limits. */
export function sizeOf(record: RawRecord): number {
  let bytes = OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const name in record.headers) {
    const value = record.headers[name];
    bytes += name.length;
    if (Array.isArray(value)) for (const one of value) bytes += one.length;
    else bytes += value?.length ?? 0;
  }
  return bytes;
}
