import type { EventBus, OutgoingRecord, SubscribeOptions, Subscription, TopicSettings } from '@opendls/event-bus';
import { PublishError } from '@opendls/event-bus';

/** A bus in front of another, with the faults a test wants. */
export class FaultyBus implements EventBus {
  /** `hold`: no acknowledgement ever comes; `lose-ack`: published, but reported as timed out; `reject`: never taken. */
  publishing: 'works' | 'hold' | 'lose-ack' | 'fail' | 'reject' = 'works';
  isDown = false;
  readonly attempts: OutgoingRecord[] = [];

  constructor(private readonly bus: EventBus) {}

  async publish(records: readonly OutgoingRecord[], options?: { readonly timeoutMs?: number }): Promise<void> {
    this.attempts.push(...records);
    if (this.isDown || this.publishing === 'fail') throw new PublishError('unavailable', 'down');
    if (this.publishing === 'reject') throw new PublishError('rejected', 'too large');
    if (this.publishing === 'lose-ack') await this.bus.publish(records);
    if (this.publishing !== 'works') {
      await new Promise((resolve) => setTimeout(resolve, options?.timeoutMs ?? 100));
      throw new PublishError('timeout', 'no acknowledgement');
    }
    await this.bus.publish(records, options);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    if (this.isDown) throw new Error('down');
    return this.bus.subscribe(options);
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    if (this.isDown) throw new Error('down');
    await this.bus.ensureTopics(topics);
  }

  async checkHealth(): Promise<void> {
    if (this.isDown) throw new Error('down');
    await this.bus.checkHealth();
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
