import type { DataDirectory } from '@opendls/data-directory';
import { startEmbeddedPostgres } from '@opendls/embedded-postgres';
import type { Logger } from '@opendls/logging';
import pg from 'pg';

export const DATABASES = { inventory: 'opendls_inventory', configPolicy: 'opendls_config_policy' } as const;

/** The PostgreSQL the services use. */
export interface ClusterPostgres {
  url(database: string): string;
  /** Process id of the server, when it was started here. */
  readonly pid: number | undefined;
  /** Rejects when the server started here ended. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Uses the named server or starts an embedded one; the services' databases are there afterwards. */
export async function clusterPostgres(
  data: DataDirectory,
  named: string | undefined,
  logger: Logger,
): Promise<ClusterPostgres> {
  const postgres = named ? namedServer(named) : await embeddedServer(data, logger);
  try {
    for (const database of Object.values(DATABASES)) await postgres.ensureDatabase(database);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return postgres;
}

type Server = ClusterPostgres & { ensureDatabase(name: string): Promise<void> };

async function embeddedServer(data: DataDirectory, logger: Logger): Promise<Server> {
  const server = await startEmbeddedPostgres({ dataDir: data.resolve('postgres'), logger });
  const failed = server.exited.then(() => Promise.reject(new Error('PostgreSQL ended')));
  failed.catch(() => undefined);
  return { ...server, url: (database) => server.url(database), failed };
}

function namedServer(adminUrl: string): Server {
  return {
    pid: undefined,
    failed: new Promise<never>(() => undefined),
    stop: () => Promise.resolve(),
    url: (database) => {
      const url = new URL(adminUrl);
      url.pathname = `/${database}`;
      return url.href;
    },
    ensureDatabase: (name) => createDatabase(adminUrl, name),
  };
}

async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'opendls-cluster' });
  await client.connect();
  try {
    const existing = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (existing.rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
