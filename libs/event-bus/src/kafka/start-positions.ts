import type { Admin } from 'kafkajs';

/** Offsets by topic and partition; `undefined` where nothing is known. */
export class Positions {
  readonly #offsets = new Map<string, { topic: string; partition: number; offset: string }>();

  get(topic: string, partition: number): string | undefined {
    return this.#offsets.get(`${partition}|${topic}`)?.offset;
  }

  set(topic: string, partition: number, offset: string): void {
    this.#offsets.set(`${partition}|${topic}`, { topic, partition, offset });
  }

  delete(topic: string, partition: number): void {
    this.#offsets.delete(`${partition}|${topic}`);
  }

  clear(): void {
    this.#offsets.clear();
  }

  get size(): number {
    return this.#offsets.size;
  }

  entries(): { topic: string; partition: number; offset: string }[] {
    return [...this.#offsets.values()];
  }
}

/** The ends of all partitions of some topics, now. */
export async function endPositions(admin: Admin, topics: readonly string[]): Promise<Positions> {
  const ends = new Positions();
  for (const topic of topics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic)) ends.set(topic, partition, high);
  }
  return ends;
}

/**
 * Where a group that begins at the end begins: the ends of the partitions it has no position for. The ends are read first:
 * a member that was faster has stored its positions before it took up work, so none of them is later than our ends.
 */
export async function startAtEnd(admin: Admin, topics: readonly string[], group: string): Promise<Positions> {
  const starts = await endPositions(admin, topics);
  const committed = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
  for (const { topic, partitions } of committed) {
    for (const { partition, offset } of partitions) if (Number(offset) >= 0) starts.delete(topic, partition);
  }
  return starts;
}

/** The ends, by `partition|topic`, of the partitions that hold anything. */
export async function filledPartitions(admin: Admin, topics: readonly string[]): Promise<Map<string, bigint>> {
  const ends = new Map<string, bigint>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (BigInt(high) > BigInt(low)) ends.set(`${partition}|${topic}`, BigInt(high));
    }
  }
  return ends;
}
