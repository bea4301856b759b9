import { AppError } from '@opendls/logging';
import { type DataSource, MigrationExecutor } from 'typeorm';
import { createDataSource, openDataSource, type PostgresOptions } from './data-source.js';

const LOCK = `hashtextextended('opendls.migrations', 0)`;

/**
 * Runs what is pending, one transaction per migration, and returns the names. Processes that start it at the same time
 * take turns (advisory lock); the later ones find nothing to do. No time limit: filling a new column may take long.
 */
export async function runMigrations(dataSource: DataSource): Promise<readonly string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SET statement_timeout = 0');
    await runner.query('SET idle_in_transaction_session_timeout = 0');
    await runner.query(`SELECT pg_advisory_lock(${LOCK})`);
    try {
      const executor = new MigrationExecutor(dataSource, runner);
      executor.transaction = 'each';
      return (await executor.executePendingMigrations()).map(({ name }) => name);
    } finally {
      await runner.query(`SELECT pg_advisory_unlock(${LOCK})`);
      await runner.query('RESET statement_timeout');
      await runner.query('RESET idle_in_transaction_session_timeout');
    }
  } finally {
    await runner.release();
  }
}

/** Connects, migrates, disconnects: the migration step of a service, and the template of its tests. */
export async function migrateDatabase(options: PostgresOptions): Promise<readonly string[]> {
  const dataSource = await createDataSource({ ...options, poolSize: 2 }).initialize();
  try {
    const names = await runMigrations(dataSource);
    options.logger.info({ migrations: names }, names.length > 0 ? 'database migrated' : 'database is up to date');
    return names;
  } finally {
    await dataSource.destroy();
  }
}

/** Names of the migrations this program has and the database has not. */
export async function pendingMigrations(dataSource: DataSource): Promise<readonly string[]> {
  return (await new MigrationExecutor(dataSource).getPendingMigrations()).map(({ name }) => name);
}

/**
 * Connects to a database that is at the schema of this program: with an old one every write would fail.
 * @throws {AppError} `migrations-pending`
 */
export async function openMigratedDataSource(options: PostgresOptions): Promise<DataSource> {
  const dataSource = await openDataSource(options);
  try {
    const pending = await pendingMigrations(dataSource);
    if (pending.length > 0) throw new AppError('migrations-pending', `migrations to run: ${pending.join(', ')}`);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

/** What the entities say that the migrations do not: the statements that would bring the schema in line. For tests. */
export async function schemaDifferences(dataSource: DataSource): Promise<readonly string[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}
