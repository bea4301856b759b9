import { DONE, type SubscribeOptions } from '@opendls/event-bus';
import { CONTACT_REQUEST_TOPIC, DEVICE_DIRECTIVE_TOPIC, WORK_ORDER_TOPIC } from '@opendls/event-contracts';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { silentLogger } from '@opendls/logging';
import { BusLink, type BusStream } from './bus-link.js';

function stream(name: string, topic: BusStream['topic']): BusStream {
  return { topic, group: `gateway.${name}`, from: 'end', onBatch: async (records) => records.map(() => DONE) };
}

describe('the link to the bus', () => {
  it('shares nothing with a gateway of the same name in another installation', async () => {
    const bus = new InMemoryEventBus();
    const streams = [stream('work-orders', WORK_ORDER_TOPIC), stream('directives', DEVICE_DIRECTIVE_TOPIC)];
    const subscribed: SubscribeOptions[] = [];
    const subscribe = bus.subscribe.bind(bus);
    bus.subscribe = (options) => (subscribed.push(options), subscribe(options));
    for (const topicPrefix of ['', 'acme.']) {
      const link = new BusLink(bus, streams, { topicPrefix, onLost: () => undefined }, silentLogger());
      await link.start();
      await link.close(1_000);
    }
    await bus.close();
    expect(subscribed.map(({ group, topics }) => [group, topics])).toEqual([
      ['gateway.work-orders', ['config-policy.work-order.v1']],
      ['gateway.directives', ['config-policy.device-directive.v1']],
      ['acme.gateway.work-orders', ['acme.config-policy.work-order.v1']],
      ['acme.gateway.directives', ['acme.config-policy.device-directive.v1']],
    ]);
  });

  it('is down until it has all of its streams, and leaves none of them open on the way', async () => {
    const bus = new InMemoryEventBus();
    const subscribe = bus.subscribe.bind(bus);
    let open = 0;
    let failures = 1;
    bus.subscribe = async (options) => {
      if (options.group.endsWith('directives') && failures-- > 0) throw new Error('not now');
      const subscription = await subscribe(options);
      open++;
      const close = subscription.close.bind(subscription);
      subscription.close = async () => (open--, close());
      return subscription;
    };
    const streams = [stream('work-orders', WORK_ORDER_TOPIC), stream('directives', DEVICE_DIRECTIVE_TOPIC)];
    const link = new BusLink(bus, streams, { topicPrefix: '', onLost: () => undefined }, silentLogger());
    await expect(link.checkHealth()).rejects.toThrow('not subscribed');
    await link.start();
    expect([link.isUp, open]).toEqual([true, 2]);
    await link.close(1_000);
    expect([link.isUp, open]).toEqual([false, 0]);
    await bus.close();
  });

  it('does not wait for a group whose dead member is not given up yet, and takes it later', async () => {
    const bus = new InMemoryEventBus();
    const subscribe = bus.subscribe.bind(bus);
    let giveUp = (): void => undefined;
    const isGivenUp = new Promise<void>((resolve) => (giveUp = resolve));
    let take = (): void => undefined;
    const isTaken = new Promise<void>((resolve) => (take = resolve));
    bus.subscribe = async (options) => {
      if (!options.group.endsWith('requests')) return subscribe(options);
      await isGivenUp;
      return subscribe(options);
    };
    const requests: BusStream = {
      ...stream('requests', CONTACT_REQUEST_TOPIC),
      isBeside: true,
      from: 'beginning',
      onBatch: async (records) => (take(), records.map(() => DONE)),
    };
    const streams = [stream('work-orders', WORK_ORDER_TOPIC), requests];
    const link = new BusLink(bus, streams, { topicPrefix: '', onLost: () => undefined }, silentLogger());
    await link.start();
    expect(link.isUp).toBe(true);
    await link.checkHealth();
    await bus.publish([{ topic: CONTACT_REQUEST_TOPIC.name, key: 'a', headers: {}, value: '{}' }]);
    giveUp();
    await isTaken;
    await link.close(1_000);
    await bus.close();
  });
});
