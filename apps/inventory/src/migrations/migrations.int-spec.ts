import { silentLogger } from '@opendls/logging';
import { openDataSource, pendingMigrations, runMigrations, schemaDifferences } from '@opendls/postgres';
import { createTestDatabase, type TestDatabase } from '@opendls/testing-postgres';
import type { DataSource } from 'typeorm';
import { databaseOptions } from '../data-source.js';

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(databaseOptions(database.url, silentLogger()));
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

describe('the migrations', () => {
  it('bring an empty database to what the entities say', async () => {
    expect(await pendingMigrations(dataSource)).not.toEqual([]);
    await runMigrations(dataSource);
    expect(await pendingMigrations(dataSource)).toEqual([]);
    expect(await schemaDifferences(dataSource)).toEqual([]);
  });

  it('bring a database of the last release to it, and keep what is in it', async () => {
    const LATER_THAN_0_1_0 = 1;
    for (let n = 0; n < LATER_THAN_0_1_0; n++) await dataSource.undoLastMigration();
    await dataSource.query(
      `INSERT INTO device (device_id, software_version_sort, fact_times, start_up_count, search_text, version)
       VALUES ('001ae8005301', '', '{}', 1, '', 1)`,
    );
    await dataSource.query(
      `INSERT INTO contact (device_id, contact_id, reason, opened_at, timeline)
       VALUES ('001ae8005301', 'c2f0b8a4d9e14a7f', 'start-up', now(), '{"entries": [], "omitted": 0}')`,
    );
    await runMigrations(dataSource);
    expect(await schemaDifferences(dataSource)).toEqual([]);
    expect(await dataSource.query('SELECT contact_id, reason, connection FROM contact')).toEqual([
      { contact_id: 'c2f0b8a4d9e14a7f', reason: 'start-up', connection: null },
    ]);
    await dataSource.query('DELETE FROM device');
  });

  it('can be taken back and run again', async () => {
    while ((await tables()).length > 0) await dataSource.undoLastMigration();
    await runMigrations(dataSource);
    expect(await tables()).toEqual([
      'contact',
      'device',
      'item_document',
      'item_fragment',
      'outbox',
      'processed_event',
      'reported_item',
    ]);
  });
});

async function tables(): Promise<string[]> {
  const rows = await dataSource.query<{ name: string }[]>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_name <> 'migrations' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}
