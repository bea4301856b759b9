import { jest } from '@jest/globals';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { VirtualPhone } from '@opendls/virtual-phone';
import { OrderDesk, sealedItem } from '../test/order-desk.js';
import { basicItems, exchange, message } from '../test/raw-phone.js';
import { SEALING_KEYS, startTestGateway, until, type TestGateway } from '../test/test-gateway.js';

const MAC = '00:1A:E8:00:53:01';
const DEVICE = '001ae8005301';
const SECRET = 'correct-horse-battery';

jest.setTimeout(30_000);

let bus: InMemoryEventBus;
let gateway: TestGateway;
let desk: OrderDesk;

afterEach(async () => {
  await gateway.close();
  await desk.close();
  await bus.close();
});

async function start(script?: ConstructorParameters<typeof OrderDesk>[1]): Promise<void> {
  bus = new InMemoryEventBus();
  desk = await new OrderDesk(bus, script).start();
  gateway = await startTestGateway(bus);
}

describe('one contact', () => {
  it('publishes the start-up with what the phone said, and closes when there is no work', async () => {
    await start();
    const items = [
      { name: 'user-pwd', value: SECRET },
      { name: 'user-pwd-unicode', value: '', status: 'failed' as const },
      { name: 'userdata-call-log', index: 1, value: 'AAEAAA' },
    ];
    const answer = await exchange(gateway.phonesUrl, message({ items: basicItems(MAC, items), maxItems: -1 }));
    expect([answer.action, answer.items, answer.cookie]).toEqual(['CleanUp', undefined, undefined]);
    const [started] = desk.ofType('opendls.gateway.device-started');
    expect(started).toMatchObject({
      subject: DEVICE,
      replyTo: expect.stringMatching(/^gateway-/) as string,
      data: {
        deviceId: DEVICE,
        device: {
          macAddress: MAC,
          deviceType: 'OpenStage 60',
          softwareVersion: 'V3 R4.11.0',
          e164: '4989100231',
          partNumber: null,
        },
        configurationChanged: false,
        maxItems: -1,
        connection: { remoteAddress: '127.0.0.1', listener: 'default', tlsVersion: 'TLSv1.3' },
        awaitingWork: true,
      },
    });
    expect(started?.data.items).toEqual(
      expect.arrayContaining([
        { name: 'user-pwd', secret: true },
        { name: 'user-pwd-unicode', status: 'failed' },
        { name: 'userdata-call-log', index: 1, secret: true },
      ]),
    );
    await until(() => desk.ofType('opendls.gateway.contact-closed').length === 1, 'contact closed');
    const [closed] = desk.ofType('opendls.gateway.contact-closed');
    expect(closed?.data).toMatchObject({ contactId: started?.data.contactId, outcome: 'no-work', exchanges: 1 });
  });

  it('reads everything in fragments, writes in parts, reads back; secrets are nowhere but in the phone', async () => {
    const items = Array.from({ length: 30 }, (_, n) => ({
      name: 'Canonical-lookup-local-code',
      index: n + 1,
      value: 'x'.repeat(5_000),
    }));
    await start(() => [
      { kind: 'read-all-items' },
      {
        kind: 'write-items',
        items: [...items, { name: 'device-type', value: 'CP700' }, sealedItem(SEALING_KEYS, DEVICE, 'sip-pwd', SECRET)],
      },
      { kind: 'read-items', items: [{ name: 'Canonical-lookup-local-code', index: 30 }] },
    ]);
    const phone = new VirtualPhone({
      url: gateway.phonesUrl,
      macAddress: MAC,
      itemCount: 1_200,
      fragmentBytes: 12_000,
      items: [{ name: 'sip-pwd', value: 'old-secret-password' }],
    });
    const [contact] = await phone.boot();
    expect(contact).toMatchObject({ end: 'CleanUp', violations: [] });
    expect(contact?.failure).toBeUndefined();
    expect(contact?.actions.filter((action) => action === 'WriteItems')).toHaveLength(4);
    expect(contact?.actions.filter((action) => action === 'GetNextFragment').length).toBeGreaterThan(2);
    expect(phone.value('sip-pwd')).toBe(SECRET);
    expect(phone.value('Canonical-lookup-local-code', 30)).toBe('x'.repeat(5_000));
    expect(desk.isDone(DEVICE)).toBe(true);

    const reports = desk.ofType('opendls.gateway.items-reported').filter(({ data }) => data.scope === 'all');
    expect(reports.map(({ data }) => data.fragment)).toEqual(reports.map((_, n) => n));
    expect(reports.map(({ data }) => data.isFinal)).toEqual(reports.map((_, n) => n === reports.length - 1));
    expect(reports.flatMap(({ data }) => data.items).length).toBeGreaterThanOrEqual(1_200);
    const steps = desk.ofType('opendls.gateway.step-completed');
    expect(steps.flatMap(({ data }) => data.refusedItems)).toEqual([{ name: 'device-type', status: 'read only' }]);
    expect(steps.flatMap(({ data }) => data.writtenItems ?? [])).toHaveLength(31);
    await until(() => desk.ofType('opendls.gateway.contact-closed').length === 1, 'contact closed');
    expect(desk.ofType('opendls.gateway.contact-closed')[0]?.data.outcome).toBe('completed');

    const everything = [...gateway.logLines, JSON.stringify(desk.events), await gateway.metrics.metrics()].join('\n');
    for (const secret of [SECRET, 'old-secret-password']) expect(everything).not.toContain(secret);
    await phone.close();
  });

  it('stops when the phone is busy and has it come back', async () => {
    await start(() => [{ kind: 'write-items', items: [{ name: 'sntp-addr', value: 'ntp.example.org' }] }]);
    const phone = new VirtualPhone({ url: gateway.phonesUrl, macAddress: MAC });
    phone.startCall();
    await phone.boot();
    expect(desk.isDone(DEVICE)).toBe(false);
    await phone.endCall();
    expect(phone.value('sntp-addr')).toBe('ntp.example.org');
    expect(desk.ofType('opendls.gateway.device-solicited')).toHaveLength(1);
    const outcomes = desk
      .ofType('opendls.gateway.contact-closed')
      .map(({ data }) => [data.outcome, data.isSolicitedRequested]);
    expect(outcomes[0]).toEqual(['busy', true]);
    await phone.close();
  });

  it.each(['per-message', 'per-flow'] as const)(
    'comes to its end with a phone that keeps its first cookie, also in fragments and parts (nonces %s)',
    async (nonceStyle) => {
      const items = Array.from({ length: 30 }, (_, n) => ({
        name: 'Canonical-lookup-local-code',
        index: n + 1,
        value: String(n % 10).repeat(4_000),
      }));
      await start(() => [
        { kind: 'write-items', items },
        { kind: 'read-all-items' },
        { kind: 'read-items', items: items.map(({ name, index }) => ({ name, index })) },
      ]);
      const phone = new VirtualPhone({
        ...{ url: gateway.phonesUrl, macAddress: MAC, fragmentBytes: 9_000, nonceStyle },
        cookies: { keepsFirstCookie: true },
      });
      const [contact] = await phone.boot();
      expect([contact?.end, desk.isDone(DEVICE)]).toEqual(['CleanUp', true]);
      for (const { name, index, value } of items) expect(phone.value(name, index)).toBe(value);
      const reports = desk.ofType('opendls.gateway.items-reported');
      for (const stepIndex of [1, 2]) {
        const ofStep = reports.filter(({ data }) => data.stepIndex === stepIndex);
        expect(ofStep.map(({ data }) => data.fragment)).toEqual(ofStep.map((_, n) => n));
        expect(ofStep.length).toBeGreaterThan(2);
      }
      await phone.close();
    },
  );

  it('answers the phone at the deadline when no decision comes', async () => {
    bus = new InMemoryEventBus();
    desk = await new OrderDesk(bus).start();
    desk.delayMs = Infinity;
    gateway = await startTestGateway(bus, { deadlineMs: 150, publishDeadlineMs: 100 });
    const begunAt = performance.now();
    const answer = await exchange(gateway.phonesUrl, message());
    expect(answer.action).toBe('CleanUp');
    expect(answer.items).toBeUndefined();
    expect(performance.now() - begunAt).toBeLessThan(1_500);
    await until(() => desk.ofType('opendls.gateway.contact-closed').length === 1, 'contact closed');
    expect(desk.ofType('opendls.gateway.contact-closed')[0]?.data.outcome).toBe('deadline');
  });

  it('ends a contact whose phone does not go on', async () => {
    bus = new InMemoryEventBus();
    desk = await new OrderDesk(bus, () => [{ kind: 'read-all-items' }]).start();
    gateway = await startTestGateway(bus, { contactExpiryMs: 60 });
    expect((await exchange(gateway.phonesUrl, message())).action).toBe('ReadAllItems');
    await until(() => desk.ofType('opendls.gateway.contact-closed').length === 1, 'contact expired');
    expect(desk.ofType('opendls.gateway.contact-closed')[0]?.data).toMatchObject({ outcome: 'expired', exchanges: 1 });
    expect(await gateway.metrics.metrics()).toContain('opendls_gateway_open_contacts 0');
  });

  it('begins anew on an initial reason, whatever the cookie says', async () => {
    await start(() => [{ kind: 'read-all-items' }]);
    const first = await exchange(gateway.phonesUrl, message());
    const second = await exchange(gateway.phonesUrl, message({ reason: 'solicited' }), { cookie: first.cookie });
    expect([second.action, second.cookie === first.cookie]).toEqual(['ReadAllItems', false]);
    const ids = desk.events
      .filter(({ type }) => /started|solicited/.test(type))
      .map(({ data }) => 'contactId' in data && data.contactId);
    expect(new Set(ids).size).toBe(2);
    await until(() => desk.ofType('opendls.gateway.contact-closed').length === 1, 'first contact closed');
    expect(desk.ofType('opendls.gateway.contact-closed')[0]?.data).toMatchObject({
      outcome: 'replaced',
      contactId: ids[0],
    });
  });
});
