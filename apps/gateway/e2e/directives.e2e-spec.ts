import { jest } from '@jest/globals';
import type { EventBus, SubscribeOptions } from '@opendls/event-bus';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { direct, eventually } from '../test/directives.js';
import { OrderDesk } from '../test/order-desk.js';
import { exchange, isOverload, message } from '../test/raw-phone.js';
import { startTestGateway, until, type TestGateway } from '../test/test-gateway.js';

jest.setTimeout(30_000);

/** Holds the directives back, as a log that takes long to read. */
function slowDirectives(inner: EventBus): { readonly bus: EventBus; readonly release: () => void } {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const bus: EventBus = {
    publish: (...args) => inner.publish(...args),
    ensureTopics: (topics) => inner.ensureTopics(topics),
    checkHealth: () => inner.checkHealth(),
    close: () => inner.close(),
    subscribe: (options: SubscribeOptions) => {
      if (!options.topics.some((topic) => topic.includes('device-directive'))) return inner.subscribe(options);
      const onBatch: SubscribeOptions['onBatch'] = async (records, context) => {
        await released;
        return options.onBatch(records, context);
      };
      return inner.subscribe({ ...options, onBatch });
    },
  };
  return { bus, release };
}

let inner: InMemoryEventBus;
let desk: OrderDesk;
let gateway: TestGateway | undefined;

beforeEach(async () => {
  inner = new InMemoryEventBus();
  desk = await new OrderDesk(inner, () => [{ kind: 'read-all-items' }]).start();
});

afterEach(async () => {
  await gateway?.close();
  await desk.close();
  await inner.close();
});

async function health(): Promise<readonly string[]> {
  const checks = (gateway?.health ?? []).map(async ({ name, check }) => {
    try {
      await check();
      return `${name} ok`;
    } catch {
      return `${name} failed`;
    }
  });
  return Promise.all(checks);
}

describe('a gateway that does not know all directives yet', () => {
  it('is not ready and sends phones away, as it cannot tell whom to refuse', async () => {
    await direct(inner, '001ae8005301', { requiresSecureMode: true });
    const { bus, release } = slowDirectives(inner);
    gateway = await startTestGateway(bus);
    expect(isOverload(await exchange(gateway.phonesUrl, message()))).toBe(true);
    expect(await health()).toEqual(['event-bus ok', 'device-directives failed']);
    expect(await gateway.metrics.metrics()).toContain('overload_total{cause="directives"} 1');
    expect(desk.events).toEqual([]);

    release();
    await eventually(health, (all) => !all.includes('device-directives failed'), 'all directives');
    expect(await health()).toEqual(['event-bus ok', 'device-directives ok']);
    const refused = await exchange(gateway.phonesUrl, message());
    expect([refused.action, isOverload(refused)]).toEqual(['CleanUp', false]);
    await until(() => desk.ofType('opendls.gateway.contact-refused').length > 0, 'the refusal');
    expect(desk.events.map(({ type }) => type)).toEqual(['opendls.gateway.contact-refused']);
  });

  it('does not share what it reads with the run before, which may have crashed, nor wait for it', async () => {
    const groups: string[] = [];
    const bus = Object.assign(Object.create(inner) as InMemoryEventBus, {
      subscribe: (options: SubscribeOptions) => (groups.push(options.group), inner.subscribe(options)),
    });
    const config = { instanceId: 'gateway-of-this-name' };
    await (await startTestGateway(bus, config)).close();
    gateway = await startTestGateway(bus, config);
    const own = groups.filter((group) => group.includes(config.instanceId));
    expect([own.length, new Set(own).size]).toEqual([4, 4]);
  });

  it('knows of an empty topic that nothing is said of anybody', async () => {
    gateway = await startTestGateway(inner);
    expect((await exchange(gateway.phonesUrl, message())).action).toBe('ReadAllItems');
    expect(await health()).toEqual(['event-bus ok', 'device-directives ok']);
  });

  it('leaves out what it cannot read, and counts it', async () => {
    await inner.ensureTopics([{ name: 'config-policy.device-directive.v1', cleanup: 'compact' }]);
    const topic = 'config-policy.device-directive.v1';
    await inner.publish([
      {
        topic,
        key: '001ae8005301',
        headers: { ce_type: 'opendls.config-policy.device-directive-changed' },
        value: '{',
      },
    ]);
    gateway = await startTestGateway(inner);
    expect((await exchange(gateway.phonesUrl, message())).action).toBe('ReadAllItems');
    expect(await gateway.metrics.metrics()).toContain('invalid_directives_total 1');
  });
});
