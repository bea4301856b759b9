import { silentLogger } from '@opendls/logging';
import { isDeadLetterTopic, sourceTopic, withoutDeadLetterHeaders } from '../consume/dead-letter.js';
import { KafkaClient } from '../kafka/kafka-client.js';
import { createKafkaEventBus } from '../kafka/kafka-event-bus.js';
import { KafkaRecord } from '../kafka/kafka-record.js';
import { endPositions } from '../kafka/start-positions.js';
import { REPLAY_GROUP, type DeadLetterLog } from './dead-letter-log.js';

/** The dead letters of a Kafka cluster. */
export function kafkaDeadLetters(brokers: readonly string[]): DeadLetterLog {
  const connection = { brokers, clientId: 'opendls-dlq' };
  const bus = createKafkaEventBus(connection);
  const client = new KafkaClient(connection, silentLogger());
  return {
    bus,
    topics: () =>
      client.withAdmin(async (admin) => {
        const names = (await admin.listTopics()).filter(isDeadLetterTopic).sort();
        return Promise.all(
          names.map(async (topic) => {
            const ends = await endPositions(admin, [topic]);
            const lows = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => [partition, low]));
            const [done] = await admin.fetchOffsets({ groupId: REPLAY_GROUP, topics: [topic] });
            let total = 0;
            let waiting = 0;
            for (const { partition, offset } of ends.entries()) {
              const stored = Number(done?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
              const low = Number(lows.get(partition) ?? 0);
              total += Number(offset) - low;
              waiting += Number(offset) - Math.max(stored, low);
            }
            return { topic, total, waiting };
          }),
        );
      }),
    publishRaw: (records) => bus.publishRaw(records),
    original: (record) => {
      if (!(record instanceof KafkaRecord)) throw new Error('not a record of this log');
      const { rawKey: key, rawValue: value, rawHeaders } = record;
      return { topic: sourceTopic(record.topic), key, value, headers: withoutDeadLetterHeaders(rawHeaders) };
    },
    async close() {
      await bus.close();
      client.cut();
    },
  };
}
