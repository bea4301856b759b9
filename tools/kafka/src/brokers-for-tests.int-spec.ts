import { Kafka, logLevel } from 'kafkajs';
import { brokersForTests, describeWithKafka } from './brokers-for-tests.js';

const kafka = await brokersForTests();

describeWithKafka(kafka, 'the Kafka of a test run', (brokers) => {
  it('answers a client that knows nothing of it', async () => {
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      expect((await admin.describeCluster()).brokers).not.toHaveLength(0);
    } finally {
      await admin.disconnect();
    }
  });

  it('is the same for everybody who asks', async () => {
    expect(await brokersForTests()).toEqual({ brokers });
  });
});
