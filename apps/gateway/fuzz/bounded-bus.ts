import type { DeliveredRecord, EventBus, OutgoingRecord, SubscribeOptions, Subscription } from '@opendls/event-bus';

/** A record without a log behind it. */
class PassingRecord implements DeliveredRecord {
  readonly partition = 0;
  readonly offset = '0';
  readonly timestamp = new Date();
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array | null;

  constructor(private readonly record: OutgoingRecord) {
    this.topic = record.topic;
    this.key = record.key;
    this.value = record.value === null ? null : Buffer.from(record.value);
  }

  header(name: string): string | undefined {
    return this.record.headers[name];
  }

  headers(): Readonly<Record<string, string>> {
    return this.record.headers;
  }
}

/** A bus that hands records on and forgets them: a million inputs leave nothing behind. */
export class BoundedBus implements EventBus {
  /** Sees every record that is published. */
  onRecord: (record: OutgoingRecord) => void = () => undefined;
  private readonly consumers = new Set<Consumer>();

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    // An acknowledgement is never immediate.
    await Promise.resolve();
    for (const record of records) {
      this.onRecord(record);
      for (const consumer of this.consumers) consumer.offer(new PassingRecord(record));
    }
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const consumer = new Consumer(options, () => this.consumers.delete(consumer));
    this.consumers.add(consumer);
    return consumer;
  }

  async ensureTopics(): Promise<void> {
    // Every topic is there.
  }

  async checkHealth(): Promise<void> {
    // Always well.
  }

  async close(): Promise<void> {
    await Promise.all([...this.consumers].map((consumer) => consumer.close()));
  }
}

class Consumer implements Subscription {
  readonly stopped = new Promise<void>(() => undefined);
  private readonly abort = new AbortController();
  private waiting: DeliveredRecord[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly options: SubscribeOptions,
    private readonly onClose: () => void,
  ) {
    // The port promises it once everything that was there has been handled; here that is nothing.
    queueMicrotask(() => options.onCaughtUp?.());
  }

  offer(record: DeliveredRecord): void {
    if (!this.options.topics.includes(record.topic)) return;
    this.waiting.push(record);
    this.running ??= this.run();
  }

  checkHealth(): void {
    // Always consuming.
  }

  lag(): number {
    return this.waiting.length;
  }

  async close(): Promise<void> {
    this.onClose();
    this.abort.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    await Promise.resolve();
    while (this.waiting.length > 0 && !this.abort.signal.aborted) {
      const batch = this.waiting.splice(0, this.options.maxBatchSize ?? 500);
      await this.options.onBatch(batch, { signal: this.abort.signal, heartbeat: async () => undefined });
    }
    this.running = undefined;
  }
}
