import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type DataDirectory, WORKING_DIRECTORY } from './data-directory.js';
import { EmbeddedPostgresError } from './errors.js';
import { SERVER_ENVIRONMENT } from './server-settings.js';

const STAGING_PREFIX = 'cluster.new-';

export interface NewCluster {
  readonly directory: DataDirectory;
  readonly initdb: string;
  readonly superuser: string;
  readonly password: string;
  readonly isDurable: boolean;
}

/** Built beside its place and renamed when complete: an interrupted creation leaves no half cluster behind. */
export async function createCluster(cluster: NewCluster): Promise<void> {
  const { root, user, cluster: target } = cluster.directory;
  for (const name of await readdir(root)) {
    if (name.startsWith(STAGING_PREFIX)) await rm(path.join(root, name), { recursive: true, force: true });
  }
  const staging = await mkdtemp(path.join(root, STAGING_PREFIX));
  const passwordFile = `${staging}.password`;
  try {
    await writeFile(passwordFile, `${cluster.password}\n`, { mode: 0o600, flag: 'wx' });
    if (user) await Promise.all([staging, passwordFile].map((file) => chown(file, user.uid, user.gid)));
    await runInitdb(cluster, staging, passwordFile);
    await rename(staging, target);
    await syncDirectory(root);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(staging, { recursive: true, force: true });
  }
}

async function runInitdb(cluster: NewCluster, staging: string, passwordFile: string): Promise<void> {
  const { user, isReachable } = cluster.directory;
  const passwordHandle = await open(passwordFile, 'r');
  try {
    const options = [
      `--pgdata=${isReachable ? staging : WORKING_DIRECTORY}`,
      `--pwfile=${isReachable ? passwordFile : '/proc/self/fd/3'}`,
      `--username=${cluster.superuser}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Built into PostgreSQL: the same order and case rules on every system, whatever locales it has.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(cluster.isDurable ? [] : ['--no-sync']),
    ];
    const initdb = spawn(cluster.initdb, options, {
      cwd: staging,
      env: SERVER_ENVIRONMENT,
      ...user,
      stdio: ['ignore', 'ignore', 'pipe', passwordHandle.fd],
    });
    let messages = '';
    initdb.stderr?.on('data', (chunk: Buffer) => (messages += chunk.toString()));
    const [code] = (await once(initdb, 'close').catch((error: unknown) => {
      throw new EmbeddedPostgresError('start-failed', `${cluster.initdb} cannot be run; on Linux it needs glibc`, {
        cause: error,
      });
    })) as [number | null];
    if (code !== 0) throw new EmbeddedPostgresError('start-failed', `initdb failed: ${messages.trim()}`);
  } finally {
    await passwordHandle.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
