import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { resolveBinaries, type Binaries } from './binaries.js';
import { type DataDirectory, ensureCluster, openDataDirectory, storePassword } from './data-directory.js';
import { EmbeddedPostgresError } from './errors.js';
import { claimDirectory } from './launcher-lock.js';
import type { EmbeddedPostgresLogger } from './logger.js';
import { type ServerExit, type ServerProcess, startServerProcess } from './server-process.js';
import { type Durability, serverArguments } from './server-settings.js';

export interface EmbeddedPostgresOptions {
  /** Everything of the server lives in here; made when missing. */
  readonly dataDir: string;
  /** On 127.0.0.1; 0, the default, takes any free one. */
  readonly port?: number;
  /** Name of the superuser, fixed when the cluster is made. Default `opendls`. */
  readonly user?: string;
  /** Default: a random one, made once and kept in the data directory. */
  readonly password?: string;
  /** False removes the data directory when the server ends, however that comes about. Default true. */
  readonly persistent?: boolean;
  /** Default `full`. */
  readonly durability?: Durability;
  /** Further server settings, by their PostgreSQL names. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly startTimeoutMs?: number;
  readonly logger: EmbeddedPostgresLogger;
}

export interface EmbeddedPostgres {
  readonly port: number;
  /** The server's process id. */
  readonly pid: number;
  /** Connection string of the database `postgres`, with the password in it: not for logs. */
  readonly adminUrl: string;
  /** Connection string of one database, with the password in it: not for logs. */
  url(database: string): string;
  ensureDatabase(name: string): Promise<void>;
  /** Resolves when the server has ended, asked to or not; never rejects. */
  readonly exited: Promise<ServerExit>;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

const PORT_ATTEMPTS = 5;
const INVALID_PASSWORD = '28P01';

/**
 * Starts a private PostgreSQL on 127.0.0.1 and resolves when it answers. It never outlives this process.
 * @throws {AlreadyRunning} when a live process serves the same directory
 * @throws {EmbeddedPostgresError} for everything else that keeps it from starting
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = await openDataDirectory(options.dataDir);
  const claim = await claimDirectory(directory);
  try {
    const binaries = await resolveBinaries({ user: directory.user, logger: options.logger });
    const superuser = { name: options.user ?? 'opendls', password: options.password };
    const password = await ensureCluster(directory, binaries, superuser, options.durability !== 'throwaway');
    const { server, port } = await startOnPort(options, directory, binaries);
    void server.exited.then(() => claim.release());
    const running = describe(server, port, superuser.name, options.password ?? password);
    try {
      await checkPassword(options, directory, running, password);
      return { ...running, stop: () => server.stop().then(() => claim.release()) };
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    await claim.release();
    throw error;
  }
}

async function startOnPort(
  options: EmbeddedPostgresOptions,
  directory: DataDirectory,
  binaries: Binaries,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port || (await freePort());
    try {
      const server = await startServerProcess({
        program: binaries.postgres,
        args: serverArguments(port, options.durability ?? 'full', options.settings),
        directory,
        isThrownAway: options.persistent === false,
        startTimeoutMs: options.startTimeoutMs ?? 60_000,
        logger: options.logger,
      });
      return { server, port };
    } catch (error) {
      const isTaken = error instanceof EmbeddedPostgresError && error.code === 'port-in-use';
      // Between choosing a free port and PostgreSQL's binding it, somebody else may take it.
      if (!isTaken || options.port || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function describe(server: ServerProcess, port: number, user: string, password: string): EmbeddedPostgres {
  const url = (database: string): string =>
    `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  return {
    port,
    pid: server.pid,
    adminUrl: url('postgres'),
    url,
    ensureDatabase: (name) => withClient(url('postgres'), (client) => ensureDatabase(client, name)),
    exited: server.exited,
    stop: () => server.stop(),
  };
}

/** A password that the caller names and that differs from the stored one takes its place. */
async function checkPassword(
  options: EmbeddedPostgresOptions,
  directory: DataDirectory,
  running: EmbeddedPostgres,
  stored: string,
): Promise<void> {
  const wanted = options.password;
  if (wanted === undefined || wanted === stored) return;
  const old = new URL(running.adminUrl);
  old.password = encodeURIComponent(stored);
  await withClient(old.href, async (client) => {
    await client.query(`ALTER ROLE CURRENT_USER PASSWORD ${client.escapeLiteral(wanted)}`);
  }).catch((error: pg.DatabaseError) => {
    if (error.code !== INVALID_PASSWORD) throw error; // changed before, but not stored: storing it is what remains
  });
  await storePassword(directory, wanted);
}

async function ensureDatabase(client: pg.Client, name: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (rowCount) return;
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    const { code } = error as pg.DatabaseError;
    if (code !== '42P04' && code !== '23505') throw error; // another caller made it meanwhile
  }
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // a broken connection shows in the query that fails
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo; // a TCP server's address is never a string
      probe.close(() => resolve(port));
    });
  });
}
