import type { OutgoingRecord, RecordPublisher } from '../src/outgoing-record.js';

/** Keeps what is published. `intercept` runs before each publication and may fail, wait or cut connections. */
export class RecordingPublisher implements RecordPublisher {
  readonly records: OutgoingRecord[] = [];
  readonly batchSizes: number[] = [];
  /** Called with the number of the publication, from 1, and its records; `after` runs when they are acknowledged. */
  intercept: (call: number, records: readonly OutgoingRecord[]) => Promise<void> | void = () => undefined;
  after: (call: number) => Promise<void> | void = () => undefined;
  private calls = 0;

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.calls += 1;
    const call = this.calls;
    await this.intercept(call, records);
    this.records.push(...records);
    this.batchSizes.push(records.length);
    await this.after(call);
  }

  /** Values in the order of their first delivery: what an idempotent consumer sees. */
  distinctValues(): string[] {
    return [...new Set(this.records.map(({ value }) => value ?? ''))];
  }
}
