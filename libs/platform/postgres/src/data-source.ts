import type { Logger } from '@opendls/logging';
import { DataSource, type DataSourceOptions, type MigrationInterface } from 'typeorm';
import { TypeormLogger } from './typeorm-logger.js';

/** A class TypeORM can make an instance of. */
export type EntityClass = abstract new (...args: never[]) => object;
export type MigrationClass = new () => MigrationInterface;

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Who is connected, as `application_name`: an operator sees it in `pg_stat_activity`. */
  readonly name: string;
  readonly entities?: readonly EntityClass[];
  readonly migrations?: readonly MigrationClass[];
  /** Most connections. Default 10. */
  readonly poolSize?: number;
  /** Longest a statement may run. Default 30 s. */
  readonly statementTimeoutMs?: number;
  /** Longest wait for a connection: from the pool and to the server. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Statements slower than this are logged, without parameters. Default 500 ms. */
  readonly slowQueryMs?: number;
  readonly logger: Logger;
}

/** Longest a transaction may sit idle holding its locks: only a stuck process does that. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** A TypeORM data source with the settings every service shares; not connected yet. */
export function createDataSource(options: PostgresOptions): DataSource {
  const settings: DataSourceOptions = {
    type: 'postgres',
    url: options.url,
    entities: [...(options.entities ?? [])],
    migrations: [...(options.migrations ?? [])],
    synchronize: false,
    migrationsRun: false,
    migrationsTransactionMode: 'each',
    installExtensions: false,
    uuidExtension: 'pgcrypto', // gen_random_uuid(), built into PostgreSQL
    poolSize: options.poolSize ?? 10,
    connectTimeoutMS: options.connectTimeoutMs ?? 5_000,
    maxQueryExecutionTime: options.slowQueryMs ?? 500,
    logger: new TypeormLogger(options.logger),
    poolErrorHandler: (error: unknown) => options.logger.warn({ err: error }, 'an idle database connection was lost'),
    extra: {
      application_name: options.name,
      statement_timeout: options.statementTimeoutMs ?? 30_000,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
    },
  };
  return new DataSource(settings);
}

/** As {@link createDataSource}, connected. Rejects when the database does not answer. */
export async function openDataSource(options: PostgresOptions): Promise<DataSource> {
  return createDataSource(options).initialize();
}
