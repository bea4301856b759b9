import { silentLogger } from '@opendls/logging';
import { Registry } from 'prom-client';
import { aClosing, after, anItemsReport, anOpening, contactIdOf, deviceIdOf } from '../../test/device-events.js';
import { HOUR, itemsOf } from '../../test/device-story.js';
import { openTestInventory, type TestInventory } from '../../test/test-inventory.js';
import { InventoryMetrics } from '../metrics.js';
import { HistoryPurge } from './history-purge.js';

let inventory: TestInventory;

beforeAll(async () => {
  inventory = await openTestInventory();
});
afterAll(() => inventory.close());

describe('the purge', () => {
  it('removes old contacts and what was never completed, nothing else', async () => {
    const [known, unseen] = [deviceIdOf(1), deviceIdOf(2)];
    const fragment = { at: after(1), fragment: 0, isFinal: false, items: itemsOf({ a: '1' }) };
    await inventory.recorder.execute([
      anOpening({ deviceId: known, contactId: contactIdOf('old'), items: itemsOf({ kept: '1' }) }),
      anItemsReport({ deviceId: known, contactId: contactIdOf('old'), ...fragment }),
      anOpening({ deviceId: known, contactId: contactIdOf('new'), at: after(100 * 24 * HOUR) }),
      aClosing({ deviceId: unseen, contactId: contactIdOf('late') }),
    ]);
    await inventory.dataSource.query(`UPDATE device SET created_at = $1`, [after(0)]);
    const metrics = new InventoryMetrics(new Registry());
    const purge = new HistoryPurge({
      ...inventory.stores,
      contactRetentionMs: 90 * 24 * HOUR * 1_000,
      everyMs: 3_600_000,
      purged: metrics.purged,
      logger: silentLogger(),
      now: () => after(101 * 24 * HOUR),
    });
    await purge.purge();
    expect(await inventory.dataSource.query('SELECT device_id, contact_id FROM contact')).toEqual([
      { device_id: known, contact_id: contactIdOf('new') },
    ]);
    expect(await inventory.dataSource.query('SELECT * FROM item_fragment')).toEqual([]);
    expect(await inventory.dataSource.query('SELECT device_id FROM device')).toEqual([{ device_id: known }]);
    expect(await inventory.stores.items.list(known, { limit: 5 })).toMatchObject([{ name: 'kept' }]);
    const { values } = await metrics.purged.get();
    expect(Object.fromEntries(values.map(({ labels, value }) => [labels.what, value]))).toEqual({
      contact: 2,
      'item-fragment': 1,
      device: 1,
    });
  });
});
