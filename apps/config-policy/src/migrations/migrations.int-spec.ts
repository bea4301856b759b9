import { jest } from '@jest/globals';
import { silentLogger } from '@opendls/logging';
import { openDataSource, runMigrations, schemaDifferences } from '@opendls/postgres';
import { createTestDatabase } from '@opendls/testing-postgres';
import { databaseOptions } from '../data-source.js';
import { DevicesStore } from '../devices/devices.store.js';
import { WorkOrdersStore } from '../work-orders/work-orders.store.js';

jest.setTimeout(30_000);

describe('migrations', () => {
  it('bring an empty database to exactly what the entities say, and back', async () => {
    const database = await createTestDatabase();
    const dataSource = await openDataSource(databaseOptions(database.url, silentLogger()));
    try {
      await runMigrations(dataSource);
      expect(await schemaDifferences(dataSource)).toEqual([]);
      expect(await runMigrations(dataSource)).toEqual([]);
      // The last one first, until none is left.
      for (let left = dataSource.migrations.length; left > 0; left -= 1) await dataSource.undoLastMigration();
      const tables: { name: string }[] = await dataSource.query(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
      );
      expect(tables.map(({ name }) => name)).toEqual(['migrations']);
    } finally {
      await dataSource.destroy();
      await database.drop();
    }
  });

  it('upgrade a database with phones and orders of the first version', async () => {
    const database = await createTestDatabase();
    const dataSource = await openDataSource(databaseOptions(database.url, silentLogger()));
    try {
      const names = await runMigrations(dataSource);
      for (let left = names.length; left > 1; left--) await dataSource.undoLastMigration();
      await dataSource.query(`INSERT INTO device (device_id, first_seen_at, last_seen_at, is_report_stale, compliance,
        compliance_since, open_items, planned_version, secret_refs)
        VALUES ('001ae8005301', now(), now(), false, 'pending', now(), '[]', 7, '{}')`);
      await dataSource.query(`INSERT INTO work_order (order_id, device_id, kind, state, steps, targets, attempt,
        failed_attempts, from_step, from_part, results, created_at)
        VALUES ('6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22', '001ae8005301', 'read-all', 'pending',
          '[{"kind":"read-all-items"}]', '{}', 0, 0, 0, 0, '[]', now())`);
      await runMigrations(dataSource);
      expect(await schemaDifferences(dataSource)).toEqual([]);
      const orders = await new WorkOrdersStore(dataSource).load(['001ae8005301'], []);
      expect(orders).toMatchObject([{ origin: 'policy', rank: 'policy', answers: [], verification: null }]);
      const device = await new DevicesStore(dataSource).find('001ae8005301');
      // Compared again soon, so that waiting work is planned.
      expect(device).toMatchObject({ features: {}, nextContactAt: null, plannedVersion: 0 });
    } finally {
      await dataSource.destroy();
      await database.drop();
    }
  });
});
