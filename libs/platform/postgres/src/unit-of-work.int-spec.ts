import { jest } from '@jest/globals';
import { silentLogger } from '@opendls/logging';
import { createTestDatabase, type TestDatabase } from '@opendls/testing-postgres';
import type { DataSource } from 'typeorm';
import { migrateTestTables } from '../test/test-tables.js';
import { createDataSource, openDataSource } from './data-source.js';
import { ConstraintViolation, translateDatabaseError } from './database-errors.js';
import { databaseHealth } from './health-and-metrics.js';
import { onCommit, type Tx, UnitOfWork } from './unit-of-work.js';

jest.setTimeout(60_000);

let database: TestDatabase;
let dataSource: DataSource;
let unitOfWork: UnitOfWork;

beforeEach(async () => {
  database = await createTestDatabase({ migrate: migrateTestTables, key: 'platform-postgres' });
  dataSource = await openDataSource({
    url: database.url,
    name: 'test',
    statementTimeoutMs: 2_000,
    logger: silentLogger(),
  });
  unitOfWork = new UnitOfWork(dataSource);
});

afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function ids(): Promise<number[]> {
  const rows: { id: number }[] = await dataSource.query('SELECT id FROM thing ORDER BY id');
  return rows.map(({ id }) => id);
}

const insert = (tx: Tx, id: number): Promise<unknown> => tx.query('INSERT INTO thing (id) VALUES ($1)', [id]);

describe('UnitOfWork', () => {
  it('commits all of it or nothing, and calls back after a commit only', async () => {
    const calls: string[] = [];
    const result = await unitOfWork.run(async (tx) => {
      await insert(tx, 1);
      onCommit(tx, () => calls.push('committed'));
      expect(calls).toEqual([]);
      return 'result';
    });
    expect(result).toBe('result');
    const failed = unitOfWork.run(async (tx) => {
      await insert(tx, 2);
      onCommit(tx, () => calls.push('never'));
      throw new Error('rule broken');
    });
    await expect(failed).rejects.toThrow('rule broken');
    expect(await ids()).toEqual([1]);
    expect(calls).toEqual(['committed']);
  });

  it('refuses a callback for a transaction that is over', async () => {
    const tx = await unitOfWork.run(async (open) => open);
    expect(() => onCommit(tx, () => undefined)).toThrow('over');
  });

  it.each([
    ['unique', 'thing_pkey', 'INSERT INTO thing (id) VALUES (1)'],
    ['reference', 'thing_parent', 'INSERT INTO thing (id, parent) VALUES (2, 99)'],
    ['check', 'thing_size_positive', 'INSERT INTO thing (id, size) VALUES (2, 0)'],
    ['not-null', 'size', 'INSERT INTO thing (id, size) VALUES (2, NULL)'],
  ])('names a broken %s constraint', async (kind, constraint, statement) => {
    await unitOfWork.run((tx) => insert(tx, 1));
    const error: unknown = await unitOfWork.run((tx) => tx.query(statement)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConstraintViolation);
    expect(error).toMatchObject({ kind, constraint, table: 'thing', retriable: false });
  });

  it('starts again after a deadlock', async () => {
    await unitOfWork.run(async (tx) => {
      await insert(tx, 1);
      await insert(tx, 2);
    });
    let attempts = 0;
    let meet = (): void => undefined;
    const met = new Promise<void>((resolve) => (meet = resolve));
    let arrived = 0;
    const lockBoth = (first: number, second: number): Promise<void> =>
      unitOfWork.run(async (tx) => {
        attempts += 1;
        await tx.query('UPDATE thing SET size = size + 1 WHERE id = $1', [first]);
        arrived += 1;
        if (arrived === 2) meet();
        await met;
        await tx.query('UPDATE thing SET size = size + 1 WHERE id = $1', [second]);
      });
    await Promise.all([lockBoth(1, 2), lockBoth(2, 1)]);
    expect(attempts).toBe(3);
    expect(await dataSource.query('SELECT size FROM thing')).toEqual([{ size: 3 }, { size: 3 }]);
  });

  it('starts again after a serialization failure, but not for ever', async () => {
    await unitOfWork.run((tx) => insert(tx, 1));
    let attempts = 0;
    const always = unitOfWork.run(
      async (tx) => {
        attempts += 1;
        await tx.query('SELECT size FROM thing WHERE id = 1');
        await unitOfWork.run((other) => other.query('UPDATE thing SET size = size + 1 WHERE id = 1'));
        await tx.query('UPDATE thing SET size = size + 1 WHERE id = 1');
      },
      { isolation: 'SERIALIZABLE' },
    );
    await expect(always).rejects.toMatchObject({ code: 'database-conflict', retriable: true });
    expect(attempts).toBe(5);
  });

  it('says of a failure whether it may pass', async () => {
    await expect(unitOfWork.run((tx) => tx.query('SELECT pg_sleep(30)'))).rejects.toMatchObject({
      code: 'database-timeout',
      retriable: true,
    });
    await expect(
      unitOfWork.run((tx) => tx.query('SELECT pg_terminate_backend(pg_backend_pid())')),
    ).rejects.toMatchObject({
      code: 'database-unavailable',
      retriable: true,
    });
    await expect(unitOfWork.run((tx) => tx.query('SELECT nothing'))).rejects.toMatchObject({
      code: 'database-query-failed',
      retriable: false,
    });
    await databaseHealth(dataSource).check();
  });

  it('calls a database that is not there unavailable', async () => {
    const nowhere = createDataSource({ url: 'postgres://u:p@127.0.0.1:1/x', name: 'test', logger: silentLogger() });
    const error: unknown = await nowhere.initialize().catch((thrown: unknown) => thrown);
    expect(translateDatabaseError(error)).toMatchObject({ code: 'database-unavailable', retriable: true });
  });
});
