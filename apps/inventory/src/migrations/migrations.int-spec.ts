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
