import { after, anOpening, deviceIdOf } from '../../test/device-events.js';
import { BATCH_CONTEXT, delivered, openTestInventory, type TestInventory } from '../../test/test-inventory.js';

let inventory: TestInventory;

beforeEach(async () => {
  inventory = await openTestInventory();
});
afterEach(() => inventory.close());

async function kindsAfter(events: Parameters<typeof delivered>[0]): Promise<string[]> {
  return (await inventory.consumer.handle(delivered(events), BATCH_CONTEXT)).map(({ kind }) => kind);
}

describe('the consumer on a real database', () => {
  it('rejects what PostgreSQL cannot hold and records everything beside it', async () => {
    const events = Array.from({ length: 9 }, (_, n) => anOpening({ deviceId: deviceIdOf(n) }));
    events[4] = anOpening({ deviceId: deviceIdOf(4), device: { e164: 'null \u0000 byte' } });
    expect(await kindsAfter(events)).toEqual(events.map((_, n) => (n === 4 ? 'reject' : 'done')));
    const rows = await inventory.dataSource.query<unknown[]>('SELECT device_id FROM device');
    expect(rows).toHaveLength(8);
  });

  it('waits while the database cannot be reached and records once it is back', async () => {
    const events = [anOpening({}), anOpening({ at: after(1) })];
    inventory.link.cut();
    expect(await kindsAfter(events)).toEqual(['retry', 'retry']);
    inventory.link.restore();
    expect(await kindsAfter(events)).toEqual(['done', 'done']);
    expect(await inventory.visibleOf(deviceIdOf(1))).toMatchObject({ device: { startUpCount: 1 } });
  });

  it('records different events of a new phone that two consumers get at the same time', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, n) => kindsAfter([anOpening({ at: after(n * 3_600) })])),
    );
    expect(results.flat()).toEqual(Array(8).fill('done'));
    expect(await inventory.visibleOf(deviceIdOf(1))).toMatchObject({ device: { startUpCount: 8 } });
  });
});
