import { brokersForTests, describeWithKafka } from '@opendls/kafka-tool';
import { randomUUID } from 'node:crypto';
import { BusSet } from '../testing/bus-set.js';
import type { EventBusHarness } from '../testing/check.js';
import { describeEventBus } from '../testing/describe-event-bus.js';
import { createKafkaEventBus, type KafkaEventBus } from './kafka-event-bus.js';

const DEADLINE_MS = 30_000;

const kafka = await brokersForTests();

describeWithKafka(kafka, 'on a real broker', (brokers) => {
  describeEventBus(
    'Kafka',
    async (): Promise<EventBusHarness> => {
      const buses = new BusSet<KafkaEventBus>();
      return {
        deadlineMs: DEADLINE_MS,
        open: async () =>
          buses.add(
            createKafkaEventBus({
              brokers,
              clientId: `contract-${randomUUID().slice(0, 8)}`,
              // The least a broker allows: what a crashed member held is free again after this time.
              sessionTimeoutMs: 6000,
              retryBackoff: { firstMs: 5, maxMs: 20 },
            }),
          ),
        crash: (bus) => buses.crash(bus),
        dispose: () => buses.close(),
      };
    },
    { deadlineMs: DEADLINE_MS },
  );
});
