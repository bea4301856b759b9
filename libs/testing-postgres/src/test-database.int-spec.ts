import pg from 'pg';
import { jest } from '@jest/globals';
import { createTestDatabase } from './test-database.js';

jest.setTimeout(60_000);

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('createTestDatabase', () => {
  it('gives an empty database that nobody else sees, and drops it although connections are left', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await query(one.url, 'CREATE TABLE only_here (id int)');
    expect(await query(two.url, "SELECT to_regclass('only_here') AS found")).toEqual([{ found: null }]);
    const left = new pg.Client({ connectionString: one.url });
    left.on('error', () => undefined);
    await left.connect();
    await one.drop();
    await two.drop();
    await expect(query(one.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
    await left.end();
  });

  it('migrates once and clones afterwards, also for callers at the same time', async () => {
    let migrations = 0;
    const migrate = async (url: string): Promise<void> => {
      migrations += 1;
      await query(url, 'CREATE TABLE migrated AS SELECT 1 AS id');
    };
    const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase({ migrate })));
    for (const { url, drop } of databases) {
      expect(await query(url, 'SELECT id FROM migrated')).toEqual([{ id: 1 }]);
      await drop();
    }
    expect(migrations).toBe(1);
  });

  it('shares a template by key and keeps functions without one apart', async () => {
    let migrations = 0;
    const migration = () => async (): Promise<void> => void (migrations += 1);
    const key = `shared ${Math.random()}`;
    for (const options of [{ key }, { key }, {}, {}]) {
      await (await createTestDatabase({ ...options, migrate: migration() })).drop();
    }
    expect(migrations).toBe(3);
  });

  it('leaves no half-made template behind when a migration fails', async () => {
    let attempts = 0;
    const migrate = async (): Promise<void> => {
      attempts += 1;
      if (attempts === 1) throw new Error('broken migration');
    };
    await expect(createTestDatabase({ migrate })).rejects.toThrow('broken migration');
    await (await createTestDatabase({ migrate })).drop();
    expect(attempts).toBe(2);
  });
});
