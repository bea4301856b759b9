import { parseRecord, type AnyEvent } from '@opendls/event-contracts';
import fc from 'fast-check';
import {
  aClosing,
  after,
  anItemsReport,
  anOpening,
  aStep,
  contactIdOf,
  deviceIdOf,
  ORDER_ID,
} from '../../test/device-events.js';
import { deviceStory, HOUR, itemsOf } from '../../test/device-story.js';
import { openTestInventory, type TestInventory } from '../../test/test-inventory.js';

let inventory: TestInventory;

beforeAll(async () => {
  inventory = await openTestInventory();
});
afterAll(() => inventory.close());

let lastDevice = 0;
/** Every test has phones of its own. */
function nextDevice(): ReturnType<typeof deviceIdOf> {
  lastDevice += 1;
  return deviceIdOf(lastDevice);
}

async function record(...batches: readonly (readonly AnyEvent[])[]): Promise<void> {
  for (const batch of batches) await inventory.recorder.execute(batch);
}

async function itemsAfter(deviceId: ReturnType<typeof deviceIdOf>): Promise<Record<string, string | null>> {
  const items = await inventory.stores.items.list(deviceId, { limit: 1_000 });
  return Object.fromEntries(items.map(({ name, itemIndex, value }) => [`${name}/${itemIndex}`, value]));
}

describe('recording events', () => {
  it('gives the same record, items and contacts however they are delivered', async () => {
    const reference = nextDevice();
    await record(deviceStory(reference));
    const expected = await inventory.visibleOf(reference);
    expect(expected).toMatchObject({
      device: { startUpCount: 2, e164: '4989100231', lastSeenAt: after(2 * HOUR + 30).toISOString() },
      contacts: [{ outcome: 'no-work' }, { reason: 'local-changes' }, { outcome: 'completed', openedAt: after(0) }],
      items: [
        { name: 'a', value: '2', reportedAt: after(2 * HOUR + 30) },
        { name: 'b', value: '1' },
        { name: 'c', value: '1' },
        { name: 'd', value: '2', reportedAt: after(HOUR) },
      ],
    });
    // Everything twice, in any order, in batches of any size.
    const orders = fc.shuffledSubarray(
      [...deviceStory(reference), ...deviceStory(reference)].map((_, n) => n),
      {
        minLength: 22,
      },
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 22, maxLength: 22 });
    await fc.assert(
      fc.asyncProperty(orders, sizes, async (order, lengths) => {
        const deviceId = nextDevice();
        const story = deviceStory(deviceId);
        const rest = order.map((n) => story[n % story.length]!);
        await record(...lengths.map((length) => rest.splice(0, length)).filter((batch) => batch.length > 0));
        expect(await inventory.visibleOf(deviceId)).toEqual(renamed(expected, reference, deviceId));
      }),
      { numRuns: 25 },
    );
  });

  it('reports which events were new', async () => {
    const [first, second] = [anOpening({ deviceId: nextDevice() }), anOpening({ deviceId: nextDevice() })];
    expect(await inventory.recorder.execute([first])).toEqual(new Set([first.id]));
    expect(await inventory.recorder.execute([first, second])).toEqual(new Set([second.id]));
  });

  it('counts a contact once when two consumers record it at the same time', async () => {
    const deviceId = nextDevice();
    const events = [anOpening({ deviceId }), aClosing({ deviceId, at: after(1) })];
    await Promise.all([record(events), record(events), record([...events].reverse())]);
    expect(await inventory.visibleOf(deviceId)).toMatchObject({
      device: { startUpCount: 1 },
      contacts: [{ outcome: 'no-work' }],
    });
  });

  it('takes a message that the phone repeats for the same contact for 15 minutes', async () => {
    const deviceId = nextDevice();
    await record([0, 14 * 60, 16 * 60].map((at) => anOpening({ deviceId, at: after(at) })));
    expect(await inventory.visibleOf(deviceId)).toMatchObject({
      device: { startUpCount: 2, lastSeenAt: after(16 * 60).toISOString() },
      contacts: [{ openedAt: after(16 * 60) }, { openedAt: after(0) }],
    });
  });

  it('keeps steps and refusals in the history', async () => {
    const deviceId = nextDevice();
    const refusedItems = [{ name: 'function-key-def', index: 2, status: 'invalid data' }];
    await record([anOpening({ deviceId }), aStep({ deviceId, at: after(1), refusedItems })]);
    const [contact] = await inventory.stores.contacts.list(deviceId, { limit: 1 });
    expect(contact).toMatchObject({
      reason: 'start-up',
      closedAt: null,
      timeline: { entries: [{ kind: 'step', orderId: ORDER_ID, refusedItems }] },
    });
  });
});

describe('a contact', () => {
  it('keeps how the phone came: listener, TLS version and cipher', async () => {
    const deviceId = nextDevice();
    const connection = { listener: 'legacy', tlsVersion: 'TLSv1', tlsCipher: 'AES128-SHA' } as const;
    await record([anOpening({ deviceId, connection })]);
    const [contact] = await inventory.stores.contacts.list(deviceId, { limit: 1 });
    expect(contact?.connection).toMatchObject(connection);
  });

  it.each([
    ['one after the other', 2],
    ['in one batch', 1],
  ])('shows the result of a deployment inside it, not as a contact of its own (%s)', async (_how, batches) => {
    const deviceId = nextDevice();
    const opening = anOpening({ deviceId, type: 'opendls.gateway.device-solicited' });
    const status = anOpening({
      deviceId,
      at: after(30),
      type: 'opendls.gateway.deployment-reported',
      items: [
        { name: 'file-deployment-name', value: 'logo.png' },
        { name: 'file-deployment-type', value: 'LOGO' },
        { name: 'file-deployment-status', value: 'ok' },
      ],
    });
    await record(...(batches === 1 ? [[opening, status]] : [[opening], [status], [status]]));
    const contacts = await inventory.stores.contacts.list(deviceId, { limit: 5 });
    expect(contacts).toHaveLength(1);
    expect(contacts[0]).toMatchObject({
      reason: 'solicited',
      openedAt: after(0),
      timeline: {
        entries: [{ kind: 'deployment-reported', files: [{ name: 'logo.png', type: 'LOGO', status: 'ok' }] }],
      },
    });
  });
});

describe('reported items', () => {
  it('tell index 0 from none, and leave out what the phone could not read', async () => {
    const deviceId = nextDevice();
    const items = [
      { name: 'a', value: 'none' },
      { name: 'a', index: 0, value: 'zero' },
      { name: 'b', status: 'failed' },
    ];
    await record([anItemsReport({ deviceId, items })]);
    expect(await itemsAfter(deviceId)).toEqual({ 'a/-1': 'none', 'a/0': 'zero' });
  });

  it('are replaced by a complete report, but for what it lists and could not read', async () => {
    const deviceId = nextDevice();
    await record([anOpening({ deviceId, items: itemsOf({ gone: '1', blind: '1' }) })]);
    await record([anItemsReport({ deviceId, at: after(1), scope: 'some', items: itemsOf({ asked: '1', left: '1' }) })]);
    const items = [...itemsOf({ asked: '2' }), { name: 'blind', status: 'failed' }];
    await record([anItemsReport({ deviceId, at: after(2), stepIndex: 1, items })]);
    expect(await itemsAfter(deviceId)).toEqual({ 'asked/-1': '2', 'blind/-1': '1' });
  });

  it('stay when the fragments of a report are more than any phone has to say', async () => {
    const deviceId = nextDevice();
    await record([anOpening({ deviceId, items: itemsOf({ old: '1' }) })]);
    const items = Array.from({ length: 10 }, (_, n) => ({ name: `blob-${n}`, value: 'x'.repeat(60_000) }));
    for (let fragment = 0; fragment < 9; fragment++) {
      const isFinal = fragment === 8;
      await record([anItemsReport({ deviceId, at: after(1 + fragment), fragment, isFinal, items })]);
    }
    expect(await itemsAfter(deviceId)).toEqual({ 'old/-1': '1' });
    expect(await inventory.dataSource.query('SELECT 1 FROM item_fragment WHERE device_id = $1', [deviceId])).toEqual(
      [],
    );
  });

  it('stay while a fragment of a complete report is missing', async () => {
    const deviceId = nextDevice();
    const fragment = (n: number, isFinal: boolean): AnyEvent =>
      anItemsReport({ deviceId, at: after(1 + n), fragment: n, isFinal, items: itemsOf({ [`f${n}`]: '1' }) });
    await record([anOpening({ deviceId, items: itemsOf({ old: '1' }) })]);
    await record([fragment(0, false)], [fragment(2, true)]);
    expect(await itemsAfter(deviceId)).toEqual({ 'old/-1': '1' });
    expect((await inventory.stores.devices.find(deviceId))?.itemsReportedAt).toBeNull();
    await record([fragment(1, false)]);
    expect(await itemsAfter(deviceId)).toEqual({ 'f0/-1': '1', 'f1/-1': '1', 'f2/-1': '1' });
    expect((await inventory.stores.devices.find(deviceId))?.itemsReportedAt).toEqual(after(3));
    expect(await inventory.dataSource.query('SELECT * FROM item_fragment WHERE device_id = $1', [deviceId])).toEqual(
      [],
    );
  });

  it('never hold the value of a secret, not even one that was sent by mistake', async () => {
    const deviceId = nextDevice();
    const items = [{ name: 'sip-pwd', secret: true as const, value: 'geheim-1234' }];
    await record([anOpening({ deviceId, items })]);
    await record([anItemsReport({ deviceId, at: after(1), fragment: 0, isFinal: false, items })]);
    for (const table of ['device', 'reported_item', 'item_document', 'contact', 'item_fragment', 'outbox']) {
      const rows = await inventory.dataSource.query<unknown[]>(
        `SELECT t::text FROM ${table} t WHERE t::text LIKE '%geheim%'`,
      );
      expect(rows).toEqual([]);
    }
    expect(await inventory.stores.items.list(deviceId, { limit: 5 })).toMatchObject([{ isSecret: true, value: null }]);
  });

  it('of an opening are written once, and dated by its last repetition', async () => {
    const deviceId = nextDevice();
    const items = itemsOf({ a: '1', b: '2' });
    const written = (): Promise<unknown> =>
      inventory.dataSource.query('SELECT xmin::text FROM item_document WHERE device_id = $1', [deviceId]);
    await record([anOpening({ deviceId, contactId: contactIdOf('1'), items })]);
    const first = await written();
    await record([anOpening({ deviceId, contactId: contactIdOf('2'), at: after(HOUR), items: items.toReversed() })]);
    expect(await written()).toEqual(first);
    const [item] = await inventory.stores.items.list(deviceId, { limit: 1 });
    expect(item).toMatchObject({ name: 'a', reportedAt: after(HOUR) });
  });
});

describe('state events', () => {
  it('carry the whole record, once per batch, and nothing when nothing that others see changed', async () => {
    const deviceId = nextDevice();
    const events = [anOpening({ deviceId }), aStep({ deviceId, at: after(1) }), aClosing({ deviceId, at: after(2) })];
    await record(events, events, [
      anItemsReport({ deviceId, at: after(3), scope: 'some', items: itemsOf({ a: '1' }) }),
    ]);
    await record([anOpening({ deviceId, contactId: contactIdOf('2'), at: after(HOUR) })]);
    const records = (await inventory.outbox()).filter(({ key }) => key === deviceId);
    const states = records.map(({ key, headers, value }) =>
      parseRecord({ key, header: (name) => headers[name], value: new TextEncoder().encode(value ?? '') }),
    );
    expect(states).toMatchObject([
      { kind: 'event', event: { type: 'opendls.inventory.device-updated', data: { version: 1, startUpCount: 1 } } },
      { kind: 'event', event: { data: { version: 2, startUpCount: 2, lastSeenAt: after(HOUR).toISOString() } } },
    ]);
    expect(records[0]).toMatchObject({ topic: 'inventory.device.v1' });
  });

  it('wait for the opening of a phone that nothing else is known of', async () => {
    const deviceId = nextDevice();
    await record([anItemsReport({ deviceId, at: after(1), items: itemsOf({ a: '1' }) })]);
    expect(await inventory.stores.devices.find(deviceId)).toBeUndefined();
    expect((await inventory.outbox()).filter(({ key }) => key === deviceId)).toEqual([]);
    await record([anOpening({ deviceId })]);
    expect(await inventory.visibleOf(deviceId)).toMatchObject({
      device: { startUpCount: 1, itemsReportedAt: after(1).toISOString() },
      items: [{ name: 'a' }],
    });
  });

  it('end with a tombstone when the phone is removed, and begin again with its next contact', async () => {
    const deviceId = nextDevice();
    await record(deviceStory(deviceId));
    expect(await inventory.removeDevice.execute(deviceId)).toBe(true);
    expect(await inventory.removeDevice.execute(deviceId)).toBe(false);
    for (const table of ['device', 'reported_item', 'item_document', 'contact', 'item_fragment']) {
      expect(await inventory.dataSource.query(`SELECT 1 FROM ${table} WHERE device_id = $1`, [deviceId])).toEqual([]);
    }
    await record([anOpening({ deviceId, at: after(9 * HOUR) })]);
    const values = (await inventory.outbox()).filter(({ key }) => key === deviceId).map(({ value }) => value);
    expect(values).toEqual([expect.any(String), null, expect.stringContaining('"startUpCount":1')]);
  });
});

function renamed(value: unknown, from: string, to: string): unknown {
  const macOf = (id: string): string => id.toUpperCase().match(/../g)!.join(':');
  const text = JSON.stringify(value).replaceAll(from, to).replaceAll(macOf(from), macOf(to));
  return JSON.parse(text, (key, field: unknown) => (isInstant(key, field) ? new Date(field) : field));
}

/** Rows have dates where the record and the timeline have texts. */
function isInstant(key: string, field: unknown): field is string {
  return ['openedAt', 'closedAt', 'reportedAt'].includes(key) && typeof field === 'string';
}
