import { brokersForTests, describeWithKafka } from '@opendls/kafka-tool';
import { createTestDatabase, type TestDatabase } from '@opendls/testing-postgres';
import { randomUUID } from 'node:crypto';
import { deadLetterTopic } from '../consume/dead-letter.js';
import { DONE, type DeliveredRecord, type Outcome } from '../event-bus.js';
import type { DeadLetterLog } from './dead-letter-log.js';
import { kafkaDeadLetters } from './kafka-dead-letters.js';
import { postgresDeadLetters } from './postgres-dead-letters.js';
import { replayDeadLetters, showDeadLetters, type ReplayedRecord } from './replay.js';

const DEADLINE_MS = 30_000;
/** No UTF-8: a replay must not care. */
const BYTES = Buffer.from([0x00, 0xff, 0xfe, 0x80]);

const kafka = await brokersForTests();

describeWithKafka(kafka, 'on Kafka', (brokers) => {
  describeReplay(async () => ({ log: kafkaDeadLetters(brokers), release: async () => undefined }));
});

describe('on PostgreSQL', () => {
  describeReplay(async () => {
    const database: TestDatabase = await createTestDatabase();
    return { log: postgresDeadLetters(database.url), release: () => database.drop() };
  });
});

function describeReplay(open: () => Promise<{ log: DeadLetterLog; release: () => Promise<void> }>): void {
  it(
    'gives dead letters back to their topic as they were, each once',
    async () => {
      const { log, release } = await open();
      const topic = `replay.${randomUUID().slice(0, 8)}.v1`;
      const group = 'clerk';
      const dead = deadLetterTopic(topic, group);
      await log.bus.ensureTopics([{ name: topic, cleanup: 'delete' }]);
      let isRepaired = false;
      const handled: DeliveredRecord[] = [];
      let wake = (): void => undefined;
      await log.bus.subscribe({
        topics: [topic],
        group,
        from: 'beginning',
        onBatch: async (records) =>
          records.map((record): Outcome => {
            if (!isRepaired) return { kind: 'reject', code: 'not-yet' };
            handled.push(record);
            wake();
            return DONE;
          }),
      });
      await log.publishRaw([{ topic, key: Buffer.from('a'), value: BYTES, headers: { ce_type: 'opendls.test.one' } }]);
      await waitFor(async () => (await waiting(log, dead)) === 1);

      const shown: ReplayedRecord[] = [];
      await showDeadLetters(log, dead, (record) => shown.push(record));
      expect(shown).toMatchObject([{ key: 'a', eventType: 'opendls.test.one', errorCode: 'not-yet' }]);

      isRepaired = true;
      const arrived = new Promise<void>((resolve) => (wake = resolve));
      const replayed: ReplayedRecord[] = [];
      expect(await replayDeadLetters(log, dead, (record) => replayed.push(record))).toBe(1);
      await arrived;
      expect(replayed).toMatchObject([{ key: 'a', eventType: 'opendls.test.one', errorCode: 'not-yet' }]);
      expect(Buffer.from(handled[0]?.value ?? [])).toEqual(BYTES);
      expect(handled[0]?.headers()).toEqual({ ce_type: 'opendls.test.one' });

      expect(await waiting(log, dead)).toBe(0);
      expect(await replayDeadLetters(log, dead, () => undefined)).toBe(0);
      await expect(replayDeadLetters(log, `${topic}.dlq.nobody`, () => undefined)).rejects.toThrow(
        'no dead-letter topic',
      );
      await log.close();
      await release();
    },
    DEADLINE_MS,
  );
}

async function waiting(log: DeadLetterLog, topic: string): Promise<number | undefined> {
  return (await log.topics()).find((one) => one.topic === topic)?.waiting;
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
