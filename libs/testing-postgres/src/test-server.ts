import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@opendls/embedded-postgres';
import { createLogger } from '@opendls/logging';

export interface TestPostgres {
  /** Connection string of a superuser, database `postgres`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a private server in a temporary directory: fast, not crash-safe, gone with its directory when it stops. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const directory = await mkdtemp(path.join(tmpdir(), 'opendls-test-postgres-'));
  const server = await startEmbeddedPostgres({
    dataDir: directory,
    persistent: false,
    durability: 'throwaway',
    settings: { max_connections: '400' },
    // Its warnings are mostly what tests provoke: connections cut, databases dropped.
    logger: createLogger({ name: 'test-postgres', level: 'error' }),
  });
  return { url: server.adminUrl, stop: () => server.stop() };
}

let ownServer: Promise<TestPostgres> | undefined;

/** The server of this Jest run if its global setup named one, else a private one of this test file. */
export async function testServerUrl(): Promise<string> {
  const shared = process.env['OPENDLS_TEST_DATABASE_URL']; // eslint-disable-line no-restricted-properties -- how Jest's global setup passes values to workers
  if (shared) return shared;
  ownServer ??= startTestPostgres();
  return (await ownServer).url;
}
