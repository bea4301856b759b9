import { jest } from '@jest/globals';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { VirtualPhone } from '@opendls/virtual-phone';
import { FaultyBus } from '../test/faulty-bus.js';
import { OrderDesk } from '../test/order-desk.js';
import { basicItems, exchange, isOverload, message } from '../test/raw-phone.js';
import { startTestGateway, until, type TestGateway } from '../test/test-gateway.js';

const DEVICE = '001ae8005301';

jest.setTimeout(30_000);

let bus: FaultyBus;
let inner: InMemoryEventBus;
let gateway: TestGateway;
let desk: OrderDesk;

beforeEach(async () => {
  inner = new InMemoryEventBus();
  bus = new FaultyBus(inner);
  desk = await new OrderDesk(inner, () => [{ kind: 'read-all-items' }]).start();
});

afterEach(async () => {
  await gateway.close();
  await desk.close();
  await inner.close();
});

const short = { deadlineMs: 200, publishDeadlineMs: 60 };

describe('nothing acknowledged is lost', () => {
  it.each(['hold', 'fail'] as const)(
    'answers overload and nothing else while the bus does not acknowledge (%s)',
    async (publishing) => {
      gateway = await startTestGateway(bus, short);
      bus.publishing = publishing;
      const sent = message();
      const refused = await exchange(gateway.phonesUrl, sent);
      expect([refused.action, isOverload(refused), refused.cookie]).toEqual(['CleanUp', true, undefined]);
      expect(desk.events).toEqual([]);

      bus.publishing = 'works';
      const taken = await exchange(gateway.phonesUrl, sent);
      expect([taken.action, isOverload(taken)]).toEqual(['ReadAllItems', false]);
      const ids = bus.attempts.map(({ value }) => (JSON.parse(value ?? '{}') as { contactId: string }).contactId);
      expect(new Set(ids).size).toBe(1);
      expect(new Set(bus.attempts.map(({ headers }) => headers['ce_id'])).size).toBe(bus.attempts.length);
    },
  );

  it('answers overload when the acknowledgement is lost; the repeated message is the same contact', async () => {
    gateway = await startTestGateway(bus, short);
    bus.publishing = 'lose-ack';
    const sent = message();
    expect(isOverload(await exchange(gateway.phonesUrl, sent))).toBe(true);
    bus.publishing = 'works';
    expect((await exchange(gateway.phonesUrl, sent)).action).toBe('ReadAllItems');
    const started = desk.ofType('opendls.gateway.device-started');
    expect(started).toHaveLength(2);
    expect(new Set(started.map(({ data }) => data.contactId)).size).toBe(1);
  });

  it('keeps the contact as it was when a reply could not be published', async () => {
    gateway = await startTestGateway(bus, short);
    const opened = await exchange(gateway.phonesUrl, message());
    const reply = message({
      reason: 'reply-to',
      action: 'ReadAllItems',
      status: 'accepted',
      items: [{ name: 'e164', value: '1' }],
    });
    bus.publishing = 'fail';
    const refused = await exchange(gateway.phonesUrl, reply, { cookie: opened.cookie });
    expect([isOverload(refused), refused.cookie]).toEqual([true, undefined]);
    bus.publishing = 'works';
    const taken = await exchange(gateway.phonesUrl, reply, { cookie: opened.cookie });
    expect([taken.action, isOverload(taken)]).toEqual(['CleanUp', false]);
    expect(desk.ofType('opendls.gateway.step-completed')).toHaveLength(1);
    expect(desk.isDone(DEVICE)).toBe(true);
  });

  it('does not make a phone repeat for ever what the bus will never take', async () => {
    gateway = await startTestGateway(bus, short);
    bus.publishing = 'reject';
    const answer = await exchange(gateway.phonesUrl, message());
    expect([answer.action, isOverload(answer)]).toEqual(['CleanUp', false]);
    expect(await gateway.metrics.metrics()).toContain(
      'opendls_gateway_refusals_total{listener="default",code="unpublishable"} 1',
    );
  });

  it('starts while the bus is down, answers overload, is not ready, and works when it comes', async () => {
    bus.isDown = true;
    const starting = startTestGateway(bus, { phones: { port: 0 } });
    gateway = await starting;
    expect(isOverload(await exchange(gateway.phonesUrl, message()))).toBe(true);
    await expect(gateway.health[0]!.check()).rejects.toThrow();
    bus.isDown = false;
    await until(
      () => gateway.logLines.some((line) => line.includes('connected to the event bus')),
      'connected',
      10_000,
    );
    await gateway.health[0]!.check();
    expect((await exchange(gateway.phonesUrl, message())).action).toBe('ReadAllItems');
  }, 20_000);

  it('finishes what is in flight when it stops, and publishes what is left', async () => {
    gateway = await startTestGateway(bus);
    desk.delayMs = 100;
    const running = exchange(gateway.phonesUrl, message());
    await until(() => desk.events.length === 1, 'message in flight');
    const closing = gateway.close();
    expect((await running).action).toBe('ReadAllItems');
    await closing;
    await expect(
      exchange(gateway.phonesUrl, message()).catch((error: { code?: string }) =>
        Promise.reject(new Error(error.code ?? 'no port')),
      ),
    ).rejects.toThrow();
  });
});

describe('any gateway can continue any contact', () => {
  let second: TestGateway;
  let balancer: Awaited<ReturnType<typeof alternating>> | undefined;
  afterEach(async () => {
    await balancer?.close();
    balancer = undefined;
    await second.close();
  });

  const items = Array.from({ length: 24 }, (_, n) => ({
    name: 'Canonical-lookup-local-code',
    index: n + 1,
    value: `${n}`.repeat(4_000),
  }));

  it.each([0, 1])('alternating between two at every message (starting at %s)', async (start) => {
    await desk.close();
    desk = await new OrderDesk(inner, () => [
      { kind: 'read-all-items' },
      { kind: 'write-items', items: [...items, { name: 'sntp-addr', value: 'ntp.example.org' }] },
      { kind: 'read-items', items: [{ name: 'sntp-addr' }, { name: 'Canonical-lookup-local-code', index: 24 }] },
    ]).start();
    gateway = await startTestGateway(bus);
    second = await startTestGateway(inner);
    const urls = [gateway.phonesUrl, second.phonesUrl];
    balancer = await alternating(urls, start);
    const phone = new VirtualPhone({
      url: balancer.url,
      macAddress: '00:1A:E8:00:53:01',
      fragmentBytes: 9_000,
      itemCount: 600,
    });
    const [contact] = await phone.boot();
    expect(contact).toMatchObject({ end: 'CleanUp', violations: [] });
    expect(contact?.failure).toBeUndefined();
    for (const { name, index, value } of items) expect(phone.value(name, index)).toBe(value);
    expect(desk.isDone(DEVICE)).toBe(true);
    const writes = desk.ofType('opendls.gateway.step-completed').filter(({ data }) => data.kind === 'write-items');
    expect(writes.map(({ data }) => data.part)).toEqual([0, 1, 2, 3]);
    expect(writes.map(({ data }) => data.isStepFinished)).toEqual([false, false, false, true]);
    expect(new Set(writes.map(({ source }) => source)).size).toBe(2);
    const all = desk.ofType('opendls.gateway.items-reported').filter(({ data }) => data.scope === 'all');
    expect(all.map(({ data }) => data.fragment)).toEqual(all.map((_, n) => n));
    expect(await gateway.metrics.metrics()).toContain('opendls_gateway_open_contacts 0');
    expect(await second.metrics.metrics()).toContain('opendls_gateway_open_contacts 0');
    await phone.close();
  });

  it('the first gateway gone in the middle, the second finishes', async () => {
    gateway = await startTestGateway(bus);
    second = await startTestGateway(inner);
    const opened = await exchange(gateway.phonesUrl, message());
    await gateway.close();
    const reply = message({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted' });
    expect((await exchange(second.phonesUrl, reply, { cookie: opened.cookie })).action).toBe('CleanUp');
    expect(desk.isDone(DEVICE)).toBe(true);
    await until(() => desk.ofType('opendls.gateway.contact-closed').length === 1, 'contact closed');
    expect(desk.ofType('opendls.gateway.contact-closed')[0]?.data).toMatchObject({
      outcome: 'completed',
      exchanges: 2,
      durationMs: null,
    });
  });
});

describe('one interaction per phone', () => {
  it('takes duplicate messages one after the other, into one contact', async () => {
    gateway = await startTestGateway(bus);
    desk.delayMs = 20;
    const sent = message();
    const answers = await Promise.all([1, 2, 3].map(() => exchange(gateway.phonesUrl, sent)));
    expect(answers.map(({ action }) => action)).toEqual(['ReadAllItems', 'ReadAllItems', 'ReadAllItems']);
    expect(new Set(desk.ofType('opendls.gateway.device-started').map(({ data }) => data.contactId)).size).toBe(1);

    const reply = message({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted' });
    const replies = await Promise.all(
      [1, 2].map(() => exchange(gateway.phonesUrl, reply, { cookie: answers[0]?.cookie })),
    );
    expect(replies.map(({ action }) => action)).toEqual(['CleanUp', 'CleanUp']);
    expect(desk.isDone(DEVICE)).toBe(true);
  });

  it('tells a phone to come again that sends too much at once; other phones are not affected', async () => {
    gateway = await startTestGateway(bus);
    desk.delayMs = 30;
    const burst = Array.from({ length: 12 }, () => exchange(gateway.phonesUrl, message()));
    const other = exchange(gateway.phonesUrl, message({ items: basicItems('00:1A:E8:00:53:02') }));
    const overloaded = (await Promise.all(burst)).filter(isOverload).length;
    expect(overloaded).toBeGreaterThan(0);
    expect(isOverload(await other)).toBe(false);
  });
});

describe('admission', () => {
  it('answers overload above the limit of concurrent messages, at once', async () => {
    gateway = await startTestGateway(bus, { maxConcurrentMessages: 2 });
    desk.delayMs = 1_000;
    const phones = Array.from({ length: 6 }, (_, n) => message({ items: basicItems(`00:1A:E8:00:54:0${n}`) }));
    const taken = phones.slice(0, 2).map((sent) => exchange(gateway.phonesUrl, sent));
    await untilMetric('opendls_gateway_messages_in_flight 2');
    const late = await Promise.all(phones.slice(2).map((sent) => exchange(gateway.phonesUrl, sent)));
    expect(late.every(isOverload)).toBe(true);
    expect((await Promise.all(taken)).some(isOverload)).toBe(false);
    expect(await gateway.metrics.metrics()).toContain('opendls_gateway_overload_total{cause="admission"} 4');
  });
});

async function untilMetric(line: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; !(await gateway.metrics.metrics()).includes(line);) {
    if (Date.now() > deadline) throw new Error(`not in time: ${line}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A TCP balancer without stickiness. */
async function alternating(urls: readonly string[], start: number): Promise<{ url: string; close(): Promise<void> }> {
  const { connect, createServer } = await import('node:net');
  let at = start;
  const sockets = new Set<{ destroy(): unknown }>();
  const server = createServer((client) => {
    const { port } = new URL(urls[at++ % urls.length] ?? '');
    const upstream = connect(Number(port), '127.0.0.1');
    sockets.add(client).add(upstream);
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('error', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `https://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
