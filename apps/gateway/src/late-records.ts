import type { OutgoingRecord } from '@opendls/event-bus';

const FLUSH_MS = 200;
const MAX_RECORDS = 10_000;
/** When the contacts of a whole site expire at once, one request for all would be more than a broker takes. */
const MAX_RECORDS_PER_PUBLISH = 500;

/**
 * Records that nobody waits for, collected for a moment: a request of their own for each would cost the gateway as much as
 * everything else it does for a contact. Bounded; what is too much, or cannot be published, is lost and counted.
 */
export class LateRecords {
  private readonly byKey = new Map<string, OutgoingRecord[]>();
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly flushing = new Set<Promise<void>>();

  constructor(
    private readonly publish: (records: readonly OutgoingRecord[]) => Promise<void>,
    private readonly onLost: (error: unknown, count: number) => void,
  ) {}

  add(records: readonly OutgoingRecord[]): void {
    for (const record of records) {
      if (this.count >= MAX_RECORDS) {
        this.onLost(new Error('too many events wait'), 1);
        continue;
      }
      const waiting = this.byKey.get(record.key);
      if (waiting) waiting.push(record);
      else this.byKey.set(record.key, [record]);
      this.count++;
    }
    if (this.count > 0) this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Takes out what waits under a key, to be published before what comes next under it. */
  take(key: string): readonly OutgoingRecord[] {
    const records = this.byKey.get(key) ?? [];
    this.byKey.delete(key);
    this.count -= records.length;
    return records;
  }

  /** Publishes what waits, and resolves when everything is acknowledged or lost. */
  async close(): Promise<void> {
    this.flush();
    await Promise.all(this.flushing);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const records = [...this.byKey.values()].flat();
    this.byKey.clear();
    this.count = 0;
    for (let at = 0; at < records.length; at += MAX_RECORDS_PER_PUBLISH) {
      this.send(records.slice(at, at + MAX_RECORDS_PER_PUBLISH));
    }
  }

  private send(records: readonly OutgoingRecord[]): void {
    const publishing = this.publish(records).catch((error: unknown) => this.onLost(error, records.length));
    this.flushing.add(publishing);
    void publishing.then(() => this.flushing.delete(publishing));
  }
}
