import type { SubscribeOptions } from '@opendls/event-bus';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { silentLogger } from '@opendls/logging';
import { BusLink } from './bus-link.js';
import type { WorkOrderConsumer } from './work-orders/work-order.consumer.js';

describe('the link to the bus', () => {
  it('shares nothing with a gateway of the same name in another installation', async () => {
    const bus = new InMemoryEventBus();
    const subscribed: SubscribeOptions[] = [];
    const subscribe = bus.subscribe.bind(bus);
    bus.subscribe = (options) => (subscribed.push(options), subscribe(options));
    for (const topicPrefix of ['', 'acme.']) {
      const consumer = { onBatch: async () => [] } as Partial<WorkOrderConsumer> as WorkOrderConsumer;
      const options = { topicPrefix, instanceId: 'gateway-1', onLost: () => undefined };
      const link = new BusLink(bus, consumer, options, silentLogger());
      await link.start();
      await link.close(1_000);
    }
    await bus.close();
    expect(subscribed.map(({ group, topics }) => [group, topics])).toEqual([
      ['gateway.work-orders.gateway-1', ['config-policy.work-order.v1']],
      ['acme.gateway.work-orders.gateway-1', ['acme.config-policy.work-order.v1']],
    ]);
  });
});
