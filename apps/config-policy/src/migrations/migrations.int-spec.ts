import { jest } from '@jest/globals';
import { silentLogger } from '@opendls/logging';
import { openDataSource, runMigrations, schemaDifferences } from '@opendls/postgres';
import { createTestDatabase } from '@opendls/testing-postgres';
import { databaseOptions } from '../data-source.js';

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
});
