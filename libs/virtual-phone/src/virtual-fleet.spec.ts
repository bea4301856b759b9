import type { ScriptedService } from './testing/index.js';
import { overload, startScriptedService } from './testing/index.js';
import { macAddressAfter, phoneNumberAfter, VirtualFleet } from './index.js';

describe('VirtualFleet', () => {
  let service: ScriptedService;
  const noWaiting = { overloadBackOffMs: { min: 0, max: 0 }, limits: { retryDelayMs: { min: 0, max: 0 } } };

  beforeAll(async () => {
    service = await startScriptedService({
      otherwise: ({ action, reason }) =>
        reason === 'start-up'
          ? { action: 'ReadAllItems' }
          : { action: action === 'WriteItems' ? 'CleanUp' : 'WriteItems', items: [{ name: 'reg-addr', value: 'x' }] },
    });
  });
  beforeEach(() => {
    service.received.length = 0;
  });
  afterAll(async () => {
    await service.close();
  });

  it('boots every phone once, each with its own address, number and URI', async () => {
    service.script(overload());
    const fleet = new VirtualFleet({ url: service.url, phones: 12, concurrency: 4, seed: 1, phone: noWaiting });
    const summary = await fleet.run(async (phone) => void (await phone.boot()));
    expect(summary).toMatchObject({
      phones: { total: 12, started: 12, succeeded: 12, failed: 0, unfinished: 0 },
      boots: 12,
      contacts: { completed: 12, failed: 0, byReason: { 'start-up': 12 } },
      answers: 36,
      actions: { ReadAllItems: 12, WriteItems: 12, CleanUp: 12 },
      itemsWritten: 12,
      overloads: 1,
      failures: {},
    });
    expect(summary.answerLatency.count).toBe(36);
    expect(summary.contactDuration.p50Ms).toBeGreaterThan(0);
    const starts = service.received.filter(({ message }) => message.reason === 'start-up').slice(1);
    for (const name of ['mac-addr', 'e164', 'contact-me-uri']) {
      const values = starts.map(({ message }) => message.items.find((item) => item.name === name)?.value);
      expect(new Set(values).size).toBe(12);
    }
    expect(fleet.phones.map((phone) => phone.value('reg-addr'))).toEqual(Array.from({ length: 12 }, () => 'x'));
  });

  it('does not repeat nonces in a second run with the same seed', async () => {
    for (let run = 0; run < 2; run++) {
      await new VirtualFleet({ url: service.url, phones: 1, seed: 1 }).run(async (phone) => void (await phone.boot()));
    }
    const nonces = service.received.map(({ message }) => message.nonce);
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('counts phones that failed, with the reason', async () => {
    service.script((_request, response) => void response.writeHead(500).end());
    const fleet = new VirtualFleet({ url: service.url, phones: 3, concurrency: 1 });
    const summary = await fleet.run(async (phone) => {
      await phone.boot();
      if (phone.macAddress.endsWith('03')) throw new Error('scenario broke');
    });
    expect(summary.phones).toMatchObject({ succeeded: 1, failed: 2 });
    expect(summary.failures).toEqual({ 'http-status': 1, unexpected: 1 });
    expect(summary.failureExamples).toEqual([
      { macAddress: '00:1A:E8:00:00:01', kind: 'http-status', message: 'HTTP status 500 instead of 200' },
      { macAddress: '00:1A:E8:00:00:03', kind: 'unexpected', message: 'Error: scenario broke' },
    ]);
  });

  it('starts phones at the rate it was given', async () => {
    let nowMs = 0;
    const slept: number[] = [];
    const clock = {
      now: () => nowMs,
      monotonicMs: () => nowMs,
      sleep: async (ms: number) => {
        slept.push(ms);
        nowMs += ms;
      },
    };
    const fleet = new VirtualFleet({ url: service.url, phones: 4, ratePerSecond: 2, clock });
    await fleet.run(async () => undefined);
    expect(slept).toEqual([500, 500, 500]);
  });

  it('stops in the middle and says how far it came', async () => {
    const stop = new AbortController();
    service.script(() => stop.abort());
    const fleet = new VirtualFleet({ url: service.url, phones: 50, concurrency: 1 });
    const summary = await fleet.run(async (phone) => void (await phone.boot()), stop.signal);
    expect(summary.phones).toMatchObject({ started: 1, succeeded: 0, failed: 0, unfinished: 50 });
    expect(summary.failures).toEqual({});
  });
});

describe('numbers of a fleet', () => {
  it('count up MAC addresses', () => {
    expect(macAddressAfter('00:1a:e8:00:53:ff', 1)).toBe('00:1A:E8:00:54:00');
    expect(macAddressAfter('001AE8000000', 256)).toBe('00:1A:E8:00:01:00');
    expect(() => macAddressAfter('00:1A', 1)).toThrow('not a MAC address');
    expect(() => macAddressAfter('FF:FF:FF:FF:FF:FF', 1)).toThrow(RangeError);
  });

  it('count up phone numbers, keeping leading zeros and +', () => {
    expect(phoneNumberAfter('0899', 1)).toBe('0900');
    expect(phoneNumberAfter('+4989100999', 1)).toBe('+4989101000');
    expect(phoneNumberAfter('99999999999999999999', 1)).toBe('100000000000000000000');
    expect(() => phoneNumberAfter('alice', 1)).toThrow('not a phone number');
  });
});
