import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AlreadyRunning, EmbeddedPostgresError } from './errors.js';
import { type DataDirectory, notAccessible } from './data-directory.js';
import { processIdentity, servesCluster } from './process-identity.js';

const ORPHAN_STOP_MS = 60_000;

interface Owner {
  readonly pid: number;
  readonly identity: string;
}

/**
 * Claims the directory for this process. A live owner is an {@link AlreadyRunning}. What a dead one left behind - its
 * claim, a stale `postmaster.pid`, even a server that is still shutting down - is cleared away first.
 */
export async function claimDirectory(directory: DataDirectory): Promise<{ release(): Promise<void> }> {
  const file = path.join(directory.root, 'launcher.lock');
  const claim = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) });
  for (let attempt = 0; ; attempt += 1) {
    try {
      await writeFile(file, claim, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3)
        throw notAccessible(directory.root, error);
    }
    const owner = await readOwner(file);
    if (owner && processIdentity(owner.pid) === owner.identity) throw new AlreadyRunning(directory.root, owner.pid);
    await rm(file, { force: true });
  }
  const release = (): Promise<void> => rm(file, { force: true });
  try {
    await clearOrphan(directory);
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Owner;
  } catch {
    return undefined; // gone, or cut short by a crash: nobody holds it
  }
}

/**
 * Without a live launcher a server is either being stopped by its watchdog or has lost that too; both end here. A
 * `postmaster.pid` whose process id now belongs to something else would keep PostgreSQL from starting: it is removed.
 */
async function clearOrphan({ cluster }: DataDirectory): Promise<void> {
  const file = path.join(cluster, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!(pid > 1)) return;
  if (servesCluster(pid, cluster)) {
    process.kill(pid, 'SIGINT');
    await waitUntilGone(pid, cluster);
  }
  await rm(file, { force: true });
}

async function waitUntilGone(pid: number, cluster: string): Promise<void> {
  const deadline = Date.now() + ORPHAN_STOP_MS;
  while (servesCluster(pid, cluster)) {
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        'start-failed',
        `PostgreSQL process ${pid}, left over from before, does not stop`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
