import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ScriptedService } from './testing/index.js';
import { startScriptedService, valueOf } from './testing/index.js';
import { loopbackAddress, VirtualFleet, VirtualPhone } from './index.js';

describe('waking a phone', () => {
  let service: ScriptedService;
  let phone: VirtualPhone;

  beforeAll(async () => {
    service = await startScriptedService();
  });
  beforeEach(() => {
    phone = new VirtualPhone({ url: service.url, macAddress: '00:1A:E8:00:53:01', contactGapMs: 0 });
  });
  afterEach(async () => {
    await phone.close();
    service.received.length = 0;
  });
  afterAll(async () => {
    await service.close();
  });

  const reasons = (): string[] => service.received.map(({ message }) => message.reason);
  const ask = async (url: string): Promise<number> =>
    (await fetch(url, { method: 'POST', body: 'ContactMe=true', signal: AbortSignal.timeout(300) })).status;

  it('fails in every way it can', async () => {
    const listener = await phone.listenForContactMe();
    await phone.boot();
    listener.behave({ kind: 'refusing' });
    expect(await ask(listener.url)).toBe(500);
    listener.behave({ kind: 'ignoring' });
    expect(await ask(listener.url)).toBe(204);
    listener.behave({ kind: 'deaf' });
    await expect(ask(listener.url)).rejects.toThrow();
    listener.behave({ kind: 'proper', delayMs: 20 });
    expect(await ask(listener.url)).toBe(204);
    await phone.settled();
    await listener.close();
    expect(reasons()).toEqual(['start-up', 'solicited']);
    expect(listener.requests.map(({ method, body }) => `${method} ${body}`)).toEqual(
      Array.from({ length: 4 }, () => 'POST ContactMe=true'),
    );
  });

  it('is answered and ignored within the gap', async () => {
    const patient = new VirtualPhone({ url: service.url, macAddress: '00:1A:E8:00:53:02' });
    const listener = await patient.listenForContactMe();
    await patient.boot();
    expect(await ask(listener.url)).toBe(204);
    await patient.settled();
    expect(reasons()).toEqual(['start-up']);
    await listener.close();
    await patient.close();
  });

  it.each([
    [200, ['start-up', 'reply-to']],
    [202, ['start-up', 'reply-to', 'solicited']],
    [404, ['start-up', 'reply-to']],
  ])('happens by a poll answered with %i', async (status, expected) => {
    const polls: string[] = [];
    const proxy = createServer((request, response) => {
      polls.push(request.url ?? '');
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/dcmp`; // TCP: an address object
    expect(await phone.pollDcmp()).toEqual({ status: undefined, contacts: [] });
    service.script({ action: 'WriteItems', items: [{ name: 'dcmp-url', value: url }] });
    await phone.boot();
    expect((await phone.pollDcmp()).status).toBe(status);
    expect(polls).toEqual(['/dcmp/contact-me?device-id=00%3A1A%3AE8%3A00%3A53%3A01']);
    expect(reasons()).toEqual(expected);
    await new Promise((resolve) => proxy.close(resolve));
  });

  it('polls on and on, as often as the service said', async () => {
    const stop = new AbortController();
    const slept: number[] = [];
    const polling = new VirtualPhone({
      url: service.url,
      macAddress: '00:1A:E8:00:53:03',
      items: [{ name: 'dcmp-interval', value: '7' }],
      clock: {
        now: () => 10_000 * slept.length,
        monotonicMs: () => 0,
        sleep: async (ms) => {
          if (slept.push(ms) === 3) stop.abort();
        },
      },
    });
    await polling.keepPolling(stop.signal);
    expect(slept).toEqual([7000, 7000, 7000]);
    await polling.close();
  });

  it('works for a fleet, each phone at its own port', async () => {
    const fleet = new VirtualFleet({
      url: service.url,
      phones: 20,
      contactMe: 'ephemeral',
      phone: { contactGapMs: 0 },
    });
    const summary = await fleet.run(async (each) => {
      await each.boot();
      const boot = service.received.find(({ message }) => valueOf(message.items, 'mac-addr') === each.macAddress);
      expect(await ask(valueOf(boot!.message.items, 'contact-me-uri')!)).toBe(204);
    });
    expect(summary.phones.succeeded).toBe(20);
    expect(summary.contacts.byReason).toEqual({ 'start-up': 20, solicited: 20 });
  });

  it('has loopback addresses for many phones', () => {
    const addresses = Array.from({ length: 1000 }, (_, offset) => loopbackAddress(offset));
    expect([addresses[0], addresses[999], new Set(addresses).size]).toEqual(['127.1.0.1', '127.1.3.232', 1000]);
    expect(loopbackAddress(70_000)).toBe('127.2.17.113');
  });
});
