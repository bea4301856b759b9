import { jest } from '@jest/globals';
import { createLogger, silentLogger } from '@opendls/logging';
import { createTestDatabase, type TestDatabase } from '@opendls/testing-postgres';
import { Registry } from 'prom-client';
import { Column, type DataSource, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { migrations, CreateOutbox1700000000000 } from '../test/test-tables.js';
import { openDataSource, type PostgresOptions } from './data-source.js';
import { migrationsHealth, registerPoolMetrics } from './health-and-metrics.js';
import { pendingMigrations, runMigrations, schemaDifferences } from './migrations.js';

jest.setTimeout(60_000);

class AddBroken1800000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE TABLE half_made (id int)');
    await queryRunner.query('SELECT nothing');
  }
  async down(): Promise<void> {
    // never applied
  }
}

@Entity('thing')
class Thing {
  @PrimaryColumn('int', { primaryKeyConstraintName: 'thing_pkey' })
  id!: number;

  @Column('text', { name: 'not_migrated', nullable: true })
  notMigrated!: string | null;
}

let database: TestDatabase;
const open: DataSource[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((dataSource) => dataSource.destroy()));
  await database.drop();
});

async function connect(options: Partial<PostgresOptions> = {}): Promise<DataSource> {
  const dataSource = await openDataSource({
    url: database.url,
    name: 'test',
    migrations,
    logger: silentLogger(),
    ...options,
  });
  open.push(dataSource);
  return dataSource;
}

describe('migrations', () => {
  it('run once when several processes start them together', async () => {
    const dataSources = await Promise.all([connect(), connect(), connect({ poolSize: 1 })]);
    const results = await Promise.all(dataSources.map((dataSource) => runMigrations(dataSource)));
    expect(results.flat().toSorted()).toEqual(migrations.map(({ name }) => name));
  });

  it('are pending until they ran, and readiness follows', async () => {
    const dataSource = await connect();
    const health = migrationsHealth(dataSource);
    expect(await pendingMigrations(dataSource)).toHaveLength(3);
    await expect(health.check()).rejects.toThrow('CreateOutbox1700000000000');
    await runMigrations(dataSource);
    expect(await pendingMigrations(dataSource)).toEqual([]);
    await health.check();
  });

  it('undo themselves', async () => {
    const dataSource = await connect();
    await runMigrations(dataSource);
    for (let left = migrations.length; left > 0; left -= 1) await dataSource.undoLastMigration();
    const tables = await dataSource.query<unknown[]>(
      "SELECT FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'",
    );
    expect(tables).toHaveLength(0);
  });

  it('that fail leave the ones before in place and nothing of themselves, and can be run again', async () => {
    const broken = await connect({ migrations: [CreateOutbox1700000000000, AddBroken1800000000000] });
    await expect(runMigrations(broken)).rejects.toThrow('nothing');
    expect(await pendingMigrations(broken)).toEqual(['AddBroken1800000000000']);
    expect(await broken.query("SELECT to_regclass('half_made') AS found")).toEqual([{ found: null }]);
    expect(await runMigrations(await connect())).toHaveLength(2);
  });

  it('that miss what an entity says are found out', async () => {
    const dataSource = await connect({ entities: [Thing] });
    await runMigrations(dataSource);
    const differences = await schemaDifferences(dataSource);
    expect(differences.join('\n')).toContain('ADD "not_migrated" text');
  });
});

describe('a data source', () => {
  it('logs slow statements without their parameters', async () => {
    const lines: string[] = [];
    const logger = createLogger({
      name: 'test',
      level: 'debug',
      destination: { write: (line) => void lines.push(line) },
    });
    const dataSource = await connect({ logger, slowQueryMs: 1 });
    await dataSource.query('SELECT pg_sleep(0.02), $1::text', ['a secret']);
    expect(lines.join('')).toContain('slow database statement');
    expect(lines.join('')).toContain('pg_sleep');
    expect(lines.join('')).not.toContain('a secret');
  });

  it('shows who is connected, and the state of its pool', async () => {
    const dataSource = await connect();
    expect(await dataSource.query('SHOW application_name')).toEqual([{ application_name: 'test' }]);
    expect(await dataSource.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '30s' }]);
    const registry = new Registry();
    registerPoolMetrics(registry, dataSource);
    expect(await registry.metrics()).toContain('opendls_database_pool_connections{state="open"} 1');
  });
});
