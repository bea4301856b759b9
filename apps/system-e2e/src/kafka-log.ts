import { Kafka, logLevel, type Admin } from 'kafkajs';
import { until } from './until.js';

/** A record as anybody gets it from Kafka. */
export interface RawRecord {
  readonly key: string;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** A client with nothing of ours. */
export function kafkaOf(brokers: readonly string[]): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
}

/** Runs something with an admin client. */
export async function withAdmin<T>(brokers: readonly string[], run: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafkaOf(brokers).admin();
  await admin.connect();
  try {
    return await run(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The topics whose names begin so. */
export function topicsWithPrefix(brokers: readonly string[], prefix: string): Promise<string[]> {
  return withAdmin(brokers, async (admin) =>
    (await admin.listTopics()).filter((topic) => topic.startsWith(prefix) && !topic.startsWith('__')),
  );
}

/** Everything a topic holds at this moment. */
export async function readRecords(brokers: readonly string[], topic: string): Promise<RawRecord[]> {
  const ends = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic));
  const missing = new Map(
    ends.flatMap(({ partition, low, high }) => (high === low ? [] : [[partition, BigInt(high)]])),
  );
  if (missing.size === 0) return [];
  const records: RawRecord[] = [];
  const consumer = kafkaOf(brokers).consumer({
    groupId: `reading-${process.pid}-${Date.now()}-${topic}`,
    maxWaitTimeInMs: 200,
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const { key, value, headers } of batch.messages) {
          const texts = Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)] as const);
          records.push({ key: key?.toString() ?? '', value, headers: Object.fromEntries(texts) });
        }
        // Compacted topics may hold nothing at their last offsets, but a batch says how far it reaches.
        const end = missing.get(batch.partition);
        if (end !== undefined && BigInt(batch.lastOffset()) >= end - 1n) missing.delete(batch.partition);
      },
    });
    await until(`the end of ${topic}`, 30_000, async () => missing.size === 0);
  } finally {
    await consumer.disconnect();
  }
  return records;
}

/** Records behind the end of a topic that a group has not settled. */
export function lagOf(brokers: readonly string[], topic: string, groupId: string): Promise<number> {
  return withAdmin(brokers, async (admin) => {
    const ends = await admin.fetchTopicOffsets(topic);
    const [settled] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return ends.reduce((lag, { partition, low, high }) => {
      const offset = Number(settled?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
      return lag + Number(high) - Math.max(offset, Number(low));
    }, 0);
  });
}
