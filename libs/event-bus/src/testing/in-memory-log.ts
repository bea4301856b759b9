import type { OutgoingRecord, TopicSettings } from '../event-bus.js';
import { TopicSignals } from '../topic-signals.js';
import { InMemoryRecord } from './in-memory-record.js';

const PARTITIONS = 3;

/** What the buses of one test share, as processes share a cluster. */
export class InMemoryLog {
  readonly signals = new TopicSignals();
  readonly #topics = new Map<string, InMemoryRecord[][]>();
  readonly #positions = new Map<string, number>();
  readonly #owners = new Map<string, object>();

  createTopics(topics: readonly TopicSettings[]): void {
    for (const { name } of topics) {
      if (!this.#topics.has(name))
        this.#topics.set(
          name,
          Array.from({ length: PARTITIONS }, () => []),
        );
    }
  }

  hasTopic(topic: string): boolean {
    return this.#topics.has(topic);
  }

  append(record: OutgoingRecord): void {
    const partitions = this.#topics.get(record.topic);
    if (!partitions) throw new Error(`there is no topic ${record.topic}`);
    const index = hash(record.key) % PARTITIONS;
    const partition = partitions[index];
    partition?.push(new InMemoryRecord(record, index, String(partition.length)));
    this.signals.raise(record.topic);
  }

  /** One list per partition; empty for a topic that does not exist. */
  partitions(topic: string): readonly (readonly InMemoryRecord[])[] {
    return this.#topics.get(topic) ?? [];
  }

  /** Every record of a topic, in the order of each key. */
  records(topic: string): InMemoryRecord[] {
    return this.partitions(topic).flat();
  }

  position(group: string, topic: string, partition: number): number | undefined {
    return this.#positions.get(`${partition}|${topic}|${group}`);
  }

  storePosition(group: string, topic: string, partition: number, position: number): void {
    this.#positions.set(`${partition}|${topic}|${group}`, position);
  }

  /** Makes `owner` the one member of the group that reads the topic, unless another is. */
  take(group: string, topic: string, owner: object): boolean {
    const key = `${topic}|${group}`;
    const current = this.#owners.get(key);
    if (current === undefined) this.#owners.set(key, owner);
    return (current ?? owner) === owner;
  }

  release(owner: object): void {
    for (const [key, current] of this.#owners) if (current === owner) this.#owners.delete(key);
    this.signals.raiseAll();
  }
}

function hash(key: string): number {
  let value = 0;
  for (const byte of Buffer.from(key)) value = (value * 31 + byte) >>> 0;
  return value;
}
