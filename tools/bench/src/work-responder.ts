import { createKafkaEventBus, DONE } from '@opendls/event-bus';
import { GATEWAY_DEVICE_TOPIC, parseRecord, toRecord, TOPICS } from '@opendls/event-contracts';
import { silentLogger } from '@opendls/logging';
import { randomUUID } from 'node:crypto';

/**
 * Stands where config-policy stands and answers every question at once and without a database, so that the figures are the
 * gateway's. Arguments: brokers; `no-work`, or `write` for an order of 50 items to every phone.
 */
const [brokers = '', mode = 'no-work'] = process.argv.slice(2);
const steps = [
  {
    kind: 'write-items' as const,
    items: Array.from({ length: 50 }, (_, index) => ({
      name: 'line-short-desc',
      index: index + 1,
      value: `Line ${index}`,
    })),
  },
];
const bus = createKafkaEventBus({ brokers: brokers.split(','), clientId: 'bench-responder', logger: silentLogger() });
await bus.ensureTopics(TOPICS);
await bus.subscribe({
  topics: [GATEWAY_DEVICE_TOPIC.name],
  group: 'bench.responder',
  from: 'end',
  onBatch: async (records) => {
    const answers = records.flatMap((record) => {
      const parsed = parseRecord(record);
      if (parsed.kind !== 'event' || !parsed.event.replyTo || !('awaitingWork' in parsed.event.data)) return [];
      const { contactId, deviceId } = parsed.event.data;
      const asked = { contactId, deviceId, inReplyTo: parsed.event.id, moreOrdersWaiting: false };
      const envelope = {
        id: randomUUID(),
        source: '/opendls/config-policy/bench',
        subject: deviceId,
        time: new Date(),
        replyTo: parsed.event.replyTo,
      };
      if (mode === 'no-work') return [toRecord({ ...envelope, type: 'opendls.config-policy.no-work', data: asked })];
      const order = {
        ...asked,
        orderId: randomUUID(),
        kind: 'configure' as const,
        attempt: 1,
        steps,
        fromStep: 0,
        fromPart: 0,
      };
      return [toRecord({ ...envelope, type: 'opendls.config-policy.work-order-issued', data: order })];
    });
    await bus.publish(answers);
    return records.map(() => DONE);
  },
});
process.send?.({ type: 'ready', urls: {} });
const stop = (): void => void bus.close().finally(() => process.exit(0));
process.on('disconnect', stop);
process.on('SIGTERM', stop);
