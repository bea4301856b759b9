import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, realpath, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Binaries } from './binaries.js';
import { createCluster } from './create-cluster.js';
import { EmbeddedPostgresError } from './errors.js';
import { canTraverse, chooseServerUser, type ServerUser } from './server-user.js';

/**
 * The directory of one embedded server:
 * `cluster/` PostgreSQL's own files · `superuser-password` · `launcher.lock` who serves it now.
 */
export interface DataDirectory {
  readonly root: string;
  readonly cluster: string;
  /** Owner of the cluster if that is not the launcher itself. */
  readonly user: ServerUser | undefined;
  /** False: no path leads the user to the cluster, only the inherited working directory does. */
  readonly isReachable: boolean;
}

/** Where a server finds its working directory when no other path leads there. Linux only. */
export const WORKING_DIRECTORY = '/proc/self/cwd';

/** Opens or creates the directory; decides which user owns the server's files. */
export async function openDataDirectory(dataDir: string): Promise<DataDirectory> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const root = await realpath(dataDir);
    const cluster = path.join(root, 'cluster');
    const user = await chooseServerUser(cluster);
    // A server that is another user passes through to its own folder; the other files in here have their own modes.
    if (user) await chmod(root, 0o711);
    return { root, cluster, user, isReachable: await isReachable(root, user) };
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? error : notAccessible(dataDir, error);
  }
}

async function isReachable(root: string, user: ServerUser | undefined): Promise<boolean> {
  if (!user || (await canTraverse(root, user))) return true;
  if (process.platform === 'linux') return false;
  throw new EmbeddedPostgresError(
    'data-dir-not-accessible',
    `the user that runs PostgreSQL (uid ${user.uid}) may not enter ${root}; choose a data directory outside private ones`,
  );
}

/** Makes the cluster if there is none, checks its version, returns the superuser's password. */
export async function ensureCluster(
  directory: DataDirectory,
  binaries: Binaries,
  superuser: { readonly name: string; readonly password?: string | undefined },
  isDurable: boolean,
): Promise<string> {
  const version = await readVersion(directory);
  if (version === undefined) {
    const password = superuser.password ?? randomBytes(24).toString('base64url');
    await storePassword(directory, password);
    await createCluster({ directory, initdb: binaries.initdb, superuser: superuser.name, password, isDurable });
    return password;
  }
  if (version !== binaries.majorVersion) {
    throw new EmbeddedPostgresError(
      'version-mismatch',
      `${directory.root} was made by PostgreSQL ${version}, this is PostgreSQL ${binaries.majorVersion}: ` +
        'dump it with the old version and restore it into a new data directory',
    );
  }
  return readFile(passwordFile(directory), 'utf8').catch((error: unknown) => {
    throw new EmbeddedPostgresError('password-lost', `${passwordFile(directory)} cannot be read`, { cause: error });
  });
}

/** Replaces the stored password; whole or not at all, readable by the launcher only. */
export async function storePassword(directory: DataDirectory, password: string): Promise<void> {
  const file = passwordFile(directory);
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(password);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

function passwordFile({ root }: DataDirectory): string {
  return path.join(root, 'superuser-password');
}

async function readVersion({ cluster }: DataDirectory): Promise<string | undefined> {
  try {
    return (await readFile(path.join(cluster, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notAccessible(cluster, error);
  }
}

/** What a failed look into the directory means to whoever chose it. */
export function notAccessible(directory: string, cause: unknown): EmbeddedPostgresError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new EmbeddedPostgresError(
    'data-dir-not-accessible',
    `the data directory ${directory} cannot be used (${reason}); it must belong to the user that starts the server`,
    { cause },
  );
}
