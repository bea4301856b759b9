import { setTimeout } from 'node:timers/promises';
import type { EventBus, OutgoingRecord, SubscribeOptions, Subscription } from '@opendls/event-bus';
import { GATEWAY_DEVICE_TOPIC, prefixedTopic, type TopicDefinition, type TopicName } from '@opendls/event-contracts';
import type { Logger } from '@opendls/logging';
import { LateRecords } from './late-records.js';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** A bus that is there answers within this; one that is not is waited for while phones are told to come again. */
const START_WAIT_MS = 2_000;

/** A topic the gateway reads. */
export interface BusStream extends Pick<
  SubscribeOptions,
  'from' | 'ephemeral' | 'onBatch' | 'onCaughtUp' | 'maxRetries' | 'maxBatchSize'
> {
  readonly topic: TopicDefinition & { readonly name: TopicName };
  /** Without the prefix of the installation. */
  readonly group: string;
  /**
   * Phones are answered without it. A group that is shared is such: after a crash its members wait for the session of the
   * dead one to end before they get anything.
   */
  readonly isBeside?: boolean;
}

/** The gateway's connection to the event bus: comes up when the bus does, and says whether it is up. */
export class BusLink {
  /** Rejects when the subscription ended for good; the process should exit and be started again. */
  readonly failed: Promise<never>;
  private fail: (error: Error) => void = () => undefined;
  /** To what phones wait for: all or none. */
  private subscriptions: readonly Subscription[] = [];
  private readonly besides: Subscription[] = [];
  private readonly closing = new AbortController();
  private readonly later: LateRecords;

  constructor(
    private readonly bus: EventBus,
    private readonly streams: readonly BusStream[],
    private readonly options: {
      readonly topicPrefix: string;
      readonly onLost: (count: number) => void;
    },
    private readonly logger: Logger,
  ) {
    this.failed = new Promise<never>((_resolve, reject) => (this.fail = reject));
    this.failed.catch(() => undefined); // whoever starts the gateway decides
    this.later = new LateRecords(
      (records) => bus.publish(records),
      (error, count) => {
        this.logger.warn({ err: error, count }, 'events that nobody waits for not published');
        this.options.onLost(count);
      },
    );
  }

  /** Whether everything that phones wait for can arrive. */
  get isUp(): boolean {
    return this.subscriptions.length > 0 && !this.closing.signal.aborted;
  }

  /** Begins to connect and goes on until it succeeds; resolves when it did, or after a while without waiting longer. */
  async start(): Promise<void> {
    const isUp = this.untilItWorks(() => this.connect());
    void isUp.then(() => this.connectBesides());
    await withinTime(isUp, START_WAIT_MS);
  }

  /** Resolves when the records, all of one phone, are acknowledged. */
  async publish(records: readonly OutgoingRecord[], timeoutMs: number): Promise<void> {
    // What is still to be told of the phone comes first: its events stay in order.
    const before = this.later.take(records[0]?.key ?? '');
    try {
      await this.bus.publish(before.length === 0 ? records : [...before, ...records], { timeoutMs });
    } catch (error) {
      this.later.add(before);
      throw error;
    }
  }

  /** Publishes what nobody waits for: a little later, together with others. `close` waits. */
  publishLater(record: OutgoingRecord): void {
    this.later.add([record]);
  }

  /** Throws while the bus cannot be used. */
  async checkHealth(): Promise<void> {
    if (this.subscriptions.length === 0) throw new Error('not subscribed to what gateways are told');
    for (const subscription of this.subscriptions) subscription.checkHealth();
    await this.bus.checkHealth();
  }

  /** Waits for what is being published, then stops listening. The bus itself stays open. */
  async close(timeoutMs: number): Promise<void> {
    this.closing.abort();
    await withinTime(this.later.close(), timeoutMs);
    const subscriptions = [...this.subscriptions, ...this.besides.splice(0)];
    this.subscriptions = [];
    await closeAll(subscriptions);
  }

  private async untilItWorks(connect: () => Promise<void>): Promise<void> {
    const { signal } = this.closing;
    for (let delayMs = FIRST_RETRY_MS; !signal.aborted; delayMs = Math.min(delayMs * 2, LAST_RETRY_MS)) {
      try {
        return await connect();
      } catch (error) {
        if (signal.aborted) return;
        this.logger.warn({ err: error, retryInMs: delayMs }, 'event bus not available');
      }
      await setTimeout(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async connect(): Promise<void> {
    const { topicPrefix } = this.options;
    const topics = [GATEWAY_DEVICE_TOPIC, ...this.streams.map(({ topic }) => topic)];
    await this.bus.ensureTopics(topics.map((topic) => settingsOf(topic, topicPrefix)));
    const subscriptions = await this.subscribeAll(this.streams.filter(({ isBeside }) => isBeside !== true));
    if (this.closing.signal.aborted) return closeAll(subscriptions);
    this.subscriptions = subscriptions;
    this.logger.info('connected to the event bus');
  }

  private async connectBesides(): Promise<void> {
    const besides = this.streams.filter(({ isBeside }) => isBeside === true);
    await Promise.all(
      besides.map((stream) =>
        this.untilItWorks(async () => {
          const subscription = await this.subscribe(stream);
          if (this.closing.signal.aborted) await subscription.close();
          else this.besides.push(subscription);
        }),
      ),
    );
  }

  private async subscribeAll(streams: readonly BusStream[]): Promise<readonly Subscription[]> {
    const results = await Promise.allSettled(streams.map((stream) => this.subscribe(stream)));
    const subscriptions = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure === undefined) return subscriptions;
    await closeAll(subscriptions);
    throw failure.reason;
  }

  private async subscribe({ topic, group, isBeside: _, ...options }: BusStream): Promise<Subscription> {
    const { topicPrefix } = this.options;
    const subscription = await this.bus.subscribe({
      ...options,
      topics: [prefixedTopic(topicPrefix, topic.name)],
      // Installations that share a cluster share nothing in it.
      group: `${topicPrefix}${group}`,
    });
    subscription.stopped.catch((error: unknown) => this.onStopped(error));
    return subscription;
  }

  private onStopped(error: unknown): void {
    if (this.closing.signal.aborted) return;
    this.subscriptions = [];
    this.fail(new Error('a subscription of the gateway ended', { cause: error }));
  }
}

function settingsOf(
  topic: TopicDefinition & { readonly name: TopicName },
  prefix: string,
): { name: string; cleanup: 'delete' | 'compact'; retentionMs?: number } {
  const { cleanup, retentionMs } = topic;
  return { name: prefixedTopic(prefix, topic.name), cleanup, ...(retentionMs === undefined ? {} : { retentionMs }) };
}

async function closeAll(subscriptions: readonly Subscription[]): Promise<void> {
  await Promise.all(subscriptions.map((subscription) => subscription.close()));
}

async function withinTime(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const isDone = new AbortController();
  const deadline = setTimeout(timeoutMs, undefined, { signal: isDone.signal }).catch(() => undefined);
  await Promise.race([work, deadline]);
  isDone.abort();
}
