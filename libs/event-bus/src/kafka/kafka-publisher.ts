import type { Logger } from '@opendls/logging';
import { Partitioners, type Message, type Producer } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { PublishError } from '../event-bus.js';
import type { PublishTarget } from '../publish/publish-queue.js';
import type { RawRecord } from '../publish/raw-record.js';
import { KafkaClient, type KafkaConnection } from './kafka-client.js';
import { isRefusal, protocolErrorType } from './kafka-errors.js';

const RECONNECT_MS = 500;
/** kafkajs repeats a request under the same sequence numbers for about a minute before it gives up. */
const SEND_RETRY = { initialRetryTime: 50, maxRetryTime: 1000, retries: 60 };

/**
 * The writing side: one idempotent producer, connected in the background.
 *
 * After a failed request the producer is never used again. Its sequence numbers were given back although some partitions
 * may have taken their part of the request; the broker would then take a later batch with the same numbers for a repetition
 * and acknowledge what it throws away.
 */
export class KafkaPublisher implements PublishTarget {
  #producer: { readonly producer: Producer; readonly client: KafkaClient } | undefined;
  #connected: Promise<void>;
  #knownTopics = new Set<string>();
  #isClosed = false;

  constructor(
    private readonly connection: KafkaConnection,
    private readonly admin: KafkaClient,
    private readonly logger: Logger,
  ) {
    this.#connected = this.#connectInBackground();
  }

  ready(): Promise<void> {
    return this.#connected;
  }

  isConnected(): boolean {
    return this.#producer !== undefined;
  }

  async unknownTopics(topics: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const isMissing = (topic: string): boolean => !this.#knownTopics.has(topic);
    if ([...topics].some(isMissing)) {
      this.#knownTopics = new Set(await this.admin.withAdmin((admin) => admin.listTopics()));
    }
    return new Set([...topics].filter(isMissing));
  }

  async send(records: readonly RawRecord[]): Promise<void> {
    const current = this.#producer;
    if (!current) throw new PublishError('unavailable', 'not connected to Kafka');
    try {
      await current.producer.sendBatch({ acks: -1, topicMessages: byTopic(records) });
    } catch (error) {
      this.#replaceProducer();
      if (!isRefusal(error)) throw new PublishError('unavailable', 'Kafka does not take records', { cause: error });
      const type = protocolErrorType(error) ?? 'unknown reason';
      throw new PublishError('rejected', `Kafka refused the records: ${type}`, { cause: error });
    }
  }

  /** Ends the connection; what is still being sent is given up. */
  close(): void {
    this.#isClosed = true;
    this.#discard();
  }

  #replaceProducer(): void {
    this.#discard();
    // A topic may have been deleted.
    this.#knownTopics.clear();
    if (!this.#isClosed) this.#connected = this.#connectInBackground();
  }

  #discard(): void {
    const current = this.#producer;
    this.#producer = undefined;
    if (!current) return;
    current.client.cut();
    // It has nothing to say any more, and may wait for answers that never come.
    void current.producer.disconnect().catch(() => undefined);
  }

  #connectInBackground(): Promise<void> {
    const connected = this.#connect();
    // Rejects only when closed, which nobody may be waiting for.
    connected.catch(() => undefined);
    return connected;
  }

  async #connect(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const client = new KafkaClient(this.connection, this.logger);
      const producer = client.kafka.producer({
        idempotent: true,
        allowAutoTopicCreation: false,
        // Like every Java client, so that records of one key meet in one partition whoever publishes them.
        createPartitioner: Partitioners.DefaultPartitioner,
        retry: SEND_RETRY,
      });
      try {
        await producer.connect();
        if (this.#isClosed) client.cut();
        this.#producer = { producer, client };
        if (attempt > 1) this.logger.info({ attempts: attempt }, 'connected to Kafka');
        return;
      } catch (error) {
        client.cut();
        void producer.disconnect().catch(() => undefined);
        if (this.#isClosed) throw new PublishError('closed', 'the event bus is closed', { cause: error });
        if (attempt === 1) this.logger.warn({ err: error }, 'Kafka cannot be reached, trying again');
        await delay(RECONNECT_MS, undefined, { ref: false });
      }
    }
  }
}

function byTopic(records: readonly RawRecord[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, key, value, headers } of records) {
    const messages = topics.get(topic);
    const message: Message = { key, value, headers };
    if (messages) messages.push(message);
    else topics.set(topic, [message]);
  }
  return Array.from(topics, ([topic, messages]) => ({ topic, messages }));
}
