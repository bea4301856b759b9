import { deadLetterTopics } from '../consume/dead-letter.js';
import type { RetryBackoff } from '../consume/retry-backoff.js';
import type { EventBus, OutgoingRecord, SubscribeOptions, Subscription, TopicSettings } from '../event-bus.js';
import { PublishError } from '../event-bus.js';
import { InMemoryLog } from './in-memory-log.js';
import type { InMemoryRecord } from './in-memory-record.js';
import { InMemorySubscription } from './in-memory-subscription.js';

export interface InMemoryEventBusOptions {
  /** Shared by the buses of one test; its own otherwise. */
  readonly log?: InMemoryLog;
  readonly retryBackoff?: RetryBackoff;
}

/** The port without a server, for tests of what uses it. Held to the same contract as the real ones. */
export class InMemoryEventBus implements EventBus {
  readonly log: InMemoryLog;
  readonly #backoff: RetryBackoff;
  readonly #subscriptions = new Set<InMemorySubscription>();
  #failure: PublishError | undefined;
  #isClosed = false;

  constructor(options: InMemoryEventBusOptions = {}) {
    this.log = options.log ?? new InMemoryLog();
    this.#backoff = options.retryBackoff ?? { firstMs: 1, maxMs: 10 };
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    // An acknowledgement is never immediate.
    await Promise.resolve();
    if (this.#isClosed) throw new PublishError('closed', 'the event bus is closed');
    if (this.#failure) throw this.#failure;
    const unknown = records.find((record) => !this.log.hasTopic(record.topic));
    if (unknown) throw new PublishError('rejected', `there is no topic ${unknown.topic}`);
    for (const record of records) this.log.append(record);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const unknown = options.topics.find((topic) => !this.log.hasTopic(topic));
    if (unknown !== undefined) throw new Error(`there is no topic ${unknown}`);
    if (!options.ephemeral) {
      const names = deadLetterTopics(options.topics, options.group);
      this.log.createTopics(names.map((name) => ({ name, cleanup: 'delete' })));
    }
    const subscription = new InMemorySubscription(this.log, options, this.#backoff);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    this.log.createTopics(topics);
  }

  async checkHealth(): Promise<void> {
    if (this.#failure) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
  }

  /** Ends without storing positions, as a crash would. */
  async abandon(): Promise<void> {
    this.#isClosed = true;
    for (const subscription of this.#subscriptions) subscription.abandon();
  }

  /** Every `publish` is rejected with this from now on; `undefined` ends that. */
  failPublishing(failure: PublishError | undefined): void {
    this.#failure = failure;
  }

  /** Every record of a topic, in the order of each key. */
  records(topic: string): InMemoryRecord[] {
    return this.log.records(topic);
  }
}
