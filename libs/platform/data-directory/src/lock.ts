import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { DataDirectoryError } from './errors.js';

/** Held as long as a server uses a data directory. */
export interface DirectoryLock {
  release(): Promise<void>;
}

const LOCK_FILE = 'opendls.pid';
const ATTEMPTS = 3;

/**
 * Takes the directory for this process. A lock whose process is gone (power cut, SIGKILL) is taken over.
 *
 * @throws DataDirectoryError `in-use` with the other process's id
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const file = path.join(directory, LOCK_FILE);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const handle = await createExclusively(file);
    if (handle) {
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
      return { release: () => rm(file, { force: true }) };
    }
    const owner = await ownerOf(file);
    if (owner !== undefined && isAlive(owner)) {
      throw new DataDirectoryError(
        'in-use',
        `${directory} is in use by process ${owner}. Stop that server first, or choose another directory with --data-dir.`,
      );
    }
    await rm(file, { force: true });
  }
  throw new DataDirectoryError('in-use', `${directory}: another server is starting there. Try again in a moment.`);
}

async function createExclusively(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'wx', 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
}

/** The process id in the lock file; undefined when the file is empty, torn or gone. */
async function ownerOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number(text.trim());
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
