/** What the outbox keeps and the relay publishes: the record of the event bus, which this library does not depend on. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 JSON, or `null` for a tombstone on a compacted topic. */
  readonly value: string | null;
}

/**
 * Where the relay publishes to; an `EventBus` is one. Resolves when every record is acknowledged. A rejection with
 * `code: 'rejected'` says that a record can never be accepted; any other may pass.
 */
export interface RecordPublisher {
  publish(records: readonly OutgoingRecord[], options?: { readonly timeoutMs?: number }): Promise<void>;
}
