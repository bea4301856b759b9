import { setTimeout } from 'node:timers/promises';
import type { EventBus, OutgoingRecord, Subscription } from '@opendls/event-bus';
import {
  GATEWAY_DEVICE_TOPIC,
  prefixedTopic,
  WORK_ORDER_TOPIC,
  type TopicDefinition,
  type TopicName,
} from '@opendls/event-contracts';
import type { Logger } from '@opendls/logging';
import { LateRecords } from './late-records.js';
import type { WorkOrderConsumer } from './work-orders/work-order.consumer.js';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** A bus that is there answers within this; one that is not is waited for while phones are told to come again. */
const START_WAIT_MS = 2_000;

/** The gateway's connection to the event bus: comes up when the bus does, and says whether it is up. */
export class BusLink {
  /** Rejects when the subscription ended for good; the process should exit and be started again. */
  readonly failed: Promise<never>;
  private fail: (error: Error) => void = () => undefined;
  private subscription: Subscription | undefined;
  private readonly closing = new AbortController();
  private readonly later: LateRecords;

  constructor(
    private readonly bus: EventBus,
    private readonly consumer: WorkOrderConsumer,
    private readonly options: {
      readonly topicPrefix: string;
      readonly instanceId: string;
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

  /** Whether answers to questions for work can arrive. */
  get isUp(): boolean {
    return this.subscription !== undefined && !this.closing.signal.aborted;
  }

  /** Begins to connect and goes on until it succeeds; resolves when it did, or after a while without waiting longer. */
  async start(): Promise<void> {
    await withinTime(this.connectUntilUp(), START_WAIT_MS);
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
    if (this.subscription === undefined) throw new Error('not subscribed to work orders');
    this.subscription.checkHealth();
    await this.bus.checkHealth();
  }

  /** Waits for what is being published, then stops listening. The bus itself stays open. */
  async close(timeoutMs: number): Promise<void> {
    this.closing.abort();
    await withinTime(this.later.close(), timeoutMs);
    await this.subscription?.close();
    this.subscription = undefined;
  }

  private async connectUntilUp(): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; !this.closing.signal.aborted; delayMs = Math.min(delayMs * 2, LAST_RETRY_MS)) {
      if (await this.connect(delayMs)) return;
      await setTimeout(delayMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
  }

  private async connect(nextRetryMs: number): Promise<boolean> {
    const { topicPrefix, instanceId } = this.options;
    try {
      await this.bus.ensureTopics([
        settingsOf(GATEWAY_DEVICE_TOPIC, topicPrefix),
        settingsOf(WORK_ORDER_TOPIC, topicPrefix),
      ]);
      const subscription = await this.bus.subscribe({
        topics: [prefixedTopic(topicPrefix, WORK_ORDER_TOPIC.name)],
        // Installations that share a cluster share nothing in it.
        group: `${topicPrefix}gateway.work-orders.${instanceId}`,
        from: 'end',
        ephemeral: true,
        onBatch: this.consumer.onBatch,
      });
      if (this.closing.signal.aborted) {
        await subscription.close();
        return true;
      }
      this.subscription = subscription;
      subscription.stopped.catch((error: unknown) => this.onStopped(error));
      this.logger.info('connected to the event bus');
      return true;
    } catch (error) {
      this.logger.warn({ err: error, retryInMs: nextRetryMs }, 'event bus not available');
      return false;
    }
  }

  private onStopped(error: unknown): void {
    if (this.closing.signal.aborted) return;
    this.subscription = undefined;
    this.fail(new Error('the work-order subscription ended', { cause: error }));
  }
}

function settingsOf(
  topic: TopicDefinition & { readonly name: TopicName },
  prefix: string,
): { name: string; cleanup: 'delete' | 'compact'; retentionMs?: number } {
  const { cleanup, retentionMs } = topic;
  return { name: prefixedTopic(prefix, topic.name), cleanup, ...(retentionMs === undefined ? {} : { retentionMs }) };
}

async function withinTime(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const isDone = new AbortController();
  const deadline = setTimeout(timeoutMs, undefined, { signal: isDone.signal }).catch(() => undefined);
  await Promise.race([work, deadline]);
  isDone.abort();
}
