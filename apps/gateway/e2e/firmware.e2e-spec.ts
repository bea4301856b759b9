import { jest } from '@jest/globals';
import type { Item, WorkpointMessage } from '@opendls/dls-codec';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import type { WorkOrderStep } from '@opendls/event-contracts';
import { OrderDesk } from '../test/order-desk.js';
import { exchange, message, send } from '../test/raw-phone.js';
import { startTestGateway, until, type TestGateway } from '../test/test-gateway.js';
import { encodeWorkpointMessage } from '@opendls/dls-codec';

jest.setTimeout(30_000);

const file = { sha256: 'a'.repeat(64), fileName: 'logo.png', sizeBytes: 10 };
const ORDERS: Readonly<Record<string, readonly WorkOrderStep[]>> = {
  '01': [{ kind: 'write-items', items: [{ name: 'display-id', value: 'A&B <1>' }] }, { kind: 'read-all-items' }],
  '02': [{ kind: 'write-items', items: [{ name: 'display-id', value: 'A&B <1>' }] }],
  '03': [{ kind: 'file-deployment', items: [{ name: 'file-https-base-url', file }] }],
  '04': [
    { kind: 'file-deployment', items: [{ name: 'file-https-base-url', index: 1, file }] },
    { kind: 'read-all-items' },
  ],
  '05': [{ kind: 'software-deployment', items: [{ name: 'file-priority', value: 'normal' }] }],
};
const V1: readonly Item[] = [
  { name: 'device-type', value: 'OpenStage 40' },
  { name: 'software-version', value: 'V1 R5.6.53' },
];
const V3: readonly Item[] = [
  { name: 'device-type', value: 'OpenStage 40' },
  { name: 'software-version', value: 'V3 R4.11.0' },
];

let bus: InMemoryEventBus;
let desk: OrderDesk;
let gateways: [TestGateway, TestGateway];

beforeAll(async () => {
  bus = new InMemoryEventBus();
  desk = await new OrderDesk(bus, (deviceId) => ORDERS[deviceId.slice(-2)] ?? []).start();
  const config = { contactExpiryMs: 600, cookieMaxAgeMs: 60_000 };
  gateways = [await startTestGateway(bus, config), await startTestGateway(bus, config)];
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await desk.close();
  await bus.close();
});

const mac = (n: string): string => `00:1A:E8:00:70:${n}`;
const start = (n: string, firmware: readonly Item[]): WorkpointMessage =>
  message({ items: [{ name: 'mac-addr', value: mac(n) }, ...firmware] });
const reply = (parts: Partial<WorkpointMessage>): WorkpointMessage =>
  message({ reason: 'reply-to', status: 'accepted', items: [], ...parts });
const status = (n: string, value: string): WorkpointMessage =>
  message({
    reason: 'status',
    items: [{ name: 'mac-addr', value: mac(n) }, ...V3, { name: 'file-deployment-status', value }],
  });
const closings = (n: string): string[] =>
  desk
    .ofType('opendls.gateway.contact-closed')
    .flatMap(({ subject, data }) => (subject.endsWith(n) ? [data.outcome] : []));

describe('firmware of the first years', () => {
  it('gets values without what it cannot decode, also from another gateway, and is not asked to come back', async () => {
    const first = await exchange(gateways[0].phonesUrl, start('01', V1));
    expect(first.items).toEqual([{ name: 'display-id', value: 'A+B 1' }]);
    const busy = await exchange(gateways[1].phonesUrl, reply({ action: 'WriteItems', status: 'busy' }), {
      cookie: first.cookie,
    });
    expect([busy.action, busy.items]).toEqual(['CleanUp', undefined]);
  });

  it('is treated like newer one where the configuration says so', async () => {
    const traits = { legacyEntities: false, canSolicit: true };
    const gateway = await startTestGateway(bus, { traits });
    const first = await exchange(gateway.phonesUrl, start('02', V1));
    expect(first.items).toEqual([{ name: 'display-id', value: 'A&B <1>' }]);
    const busy = await exchange(gateway.phonesUrl, reply({ action: 'WriteItems', status: 'busy' }), {
      cookie: first.cookie,
    });
    expect(busy.items).toEqual([{ name: 'send-solicited', value: 'true' }]);
    await gateway.close();
  });

  it('gets file-priority as a number', async () => {
    const { action, items } = await exchange(gateways[0].phonesUrl, start('05', V1));
    expect([action, items]).toEqual(['SoftwareDeployment', [{ name: 'file-priority', value: '0' }]]);
  });
});

describe('files', () => {
  it('come from where the phone called, and the contact outlives a download', async () => {
    const first = await exchange(gateways[0].phonesUrl, start('03', V3));
    expect(first.action).toBe('FileDeployment');
    const { host } = new URL(gateways[0].phonesUrl);
    expect(first.items?.[0]?.value).toMatch(new RegExp(`^https://${host}/files/[A-Za-z0-9._-]+/logo\\.png$`));
    // Another contact that goes silent shows that the time has passed.
    await exchange(gateways[0].phonesUrl, start('01', V1));
    await until(() => closings('01').includes('expired'), 'the expiry of another contact');
    expect(closings('03')).toEqual([]);
    const done = await exchange(gateways[1].phonesUrl, status('03', 'ok'), { cookie: first.cookie });
    expect([done.action, desk.isDone('001ae8007003')]).toEqual(['CleanUp', true]);
    expect(desk.ofType('opendls.gateway.deployment-reported').map(({ subject }) => subject)).toEqual(['001ae8007003']);
  });

  it('are not deployed when it is not known where from', async () => {
    const sent = encodeWorkpointMessage(message({ items: [{ name: 'mac-addr', value: '00:1A:E8:00:71:03' }, ...V3] }));
    const { text } = await send(gateways[0].phonesUrl, sent, { headers: { Host: 'a b/c' } });
    expect(text).toContain('CleanUp');
    const failed = (): unknown =>
      desk.ofType('opendls.gateway.step-completed').find(({ subject }) => subject === '001ae8007103')?.data;
    await until(() => failed() !== undefined, 'the failed step');
    expect(failed()).toMatchObject({ outcome: 'failed', refusedItems: [{ name: 'file-https-base-url' }] });
  });

  it('with indexes are done when they are sent, and a later status goes on with what is left', async () => {
    const first = await exchange(gateways[0].phonesUrl, start('04', V3));
    const steps = (): unknown[] =>
      desk
        .ofType('opendls.gateway.step-completed')
        .flatMap(({ subject, data }) => (subject.endsWith('04') ? [data] : []));
    await until(() => steps().length > 0, 'the sent step');
    expect(steps()).toMatchObject([{ kind: 'file-deployment', outcome: 'sent', isStepFinished: true }]);
    const next = await exchange(gateways[1].phonesUrl, status('04', 'ok'), { cookie: first.cookie });
    // The desk of this test begins an order anew in whatever contact asks.
    expect(next.action).toBe('FileDeployment');
    const contacts = new Set(
      desk.events.flatMap(({ subject, data }) =>
        subject === '001ae8007004' && 'contactId' in data ? [data.contactId] : [],
      ),
    );
    expect(contacts.size).toBe(1);
  });
});
