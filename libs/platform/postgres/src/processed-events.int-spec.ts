import { jest } from '@jest/globals';
import { silentLogger } from '@opendls/logging';
import { createTestDatabase, type TestDatabase } from '@opendls/testing-postgres';
import type { DataSource } from 'typeorm';
import { migrateTestTables } from '../test/test-tables.js';
import { until } from '../test/until.js';
import { openDataSource } from './data-source.js';
import { ProcessedEvents, schedulePurge } from './processed-events.js';
import { UnitOfWork } from './unit-of-work.js';

jest.setTimeout(60_000);

let database: TestDatabase;
let dataSource: DataSource;
let unitOfWork: UnitOfWork;
const processedEvents = new ProcessedEvents();

beforeEach(async () => {
  database = await createTestDatabase({ migrate: migrateTestTables, key: 'platform-postgres' });
  dataSource = await openDataSource({ url: database.url, name: 'test', logger: silentLogger() });
  unitOfWork = new UnitOfWork(dataSource);
});

afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

function filterNew(...ids: string[]): Promise<Set<string>> {
  return unitOfWork.run((tx) => processedEvents.filterNew(tx, 'inventory.devices', ids));
}

describe('ProcessedEvents', () => {
  it('returns each id once, per consumer, also when a batch holds it twice', async () => {
    expect(await filterNew()).toEqual(new Set());
    expect(await filterNew('a', 'b', 'a')).toEqual(new Set(['a', 'b']));
    expect(await filterNew('b', 'c')).toEqual(new Set(['c']));
    const other = unitOfWork.run((tx) => processedEvents.filterNew(tx, 'other', ['a']));
    expect(await other).toEqual(new Set(['a']));
  });

  it('forgets the mark with the effect when the transaction is rolled back', async () => {
    const failed = unitOfWork.run(async (tx) => {
      expect(await processedEvents.filterNew(tx, 'inventory.devices', ['a'])).toEqual(new Set(['a']));
      await tx.query('INSERT INTO thing (id) VALUES (1)');
      throw new Error('effect failed');
    });
    await expect(failed).rejects.toThrow('effect failed');
    expect(await dataSource.query('SELECT FROM thing')).toHaveLength(0);
    expect(await filterNew('a')).toEqual(new Set(['a']));
  });

  it('lets one of two transactions at the same time have the effect', async () => {
    const ids = Array.from({ length: 200 }, (_, n) => `event-${n}`);
    const taken = await Promise.all([filterNew(...ids), filterNew(...ids.toReversed()), filterNew(...ids)]);
    expect(taken.map((set) => set.size).reduce((sum, size) => sum + size)).toBe(200);
  });

  it('takes ids of any length', async () => {
    const long = 'x'.repeat(100_000);
    expect(await filterNew(long, `${long}y`)).toEqual(new Set([long, `${long}y`]));
    expect(await filterNew(long)).toEqual(new Set());
  });

  it('purges what is old, and only that', async () => {
    await filterNew('old', 'new');
    await dataSource.query(
      "UPDATE processed_event SET processed_at = now() - interval '2 days' WHERE event_id = 'old'",
    );
    const purge = schedulePurge({
      unitOfWork,
      processedEvents,
      olderThanMs: 86_400_000,
      everyMs: 10,
      logger: silentLogger(),
    });
    await until(async () => (await dataSource.query<unknown[]>('SELECT FROM processed_event')).length === 1);
    await purge.stop();
    expect(await filterNew('old', 'new')).toEqual(new Set(['old']));
  });
});
