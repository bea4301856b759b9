import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

const projectRoot = fileURLToPath(new URL('..', import.meta.url));
const workspaceRoot = path.resolve(projectRoot, '../../..');

const PROGRAM = `
import { startEmbeddedPostgres } from './embedded-postgres.js';
const say = (fields) => process.stdout.write(JSON.stringify(fields) + '\\n');
const ignore = () => undefined;
try {
  const server = await startEmbeddedPostgres({
    dataDir: process.argv[2], durability: 'throwaway', ...JSON.parse(process.argv[3]),
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
  say({ ok: true, pid: server.pid, adminUrl: server.adminUrl });
  setInterval(ignore, 1000);
} catch (error) {
  say({ ok: false, code: error.code, pid: error.pid, message: error.message });
}
`;

export interface LauncherAnswer {
  readonly ok: boolean;
  readonly pid: number;
  readonly adminUrl: string;
  readonly code?: string;
  readonly message?: string;
}

/** Compiles the launcher to a directory every user can read, so that it can run as a process of its own. */
export async function compileLauncher(): Promise<string> {
  const target = await mkdtemp(path.join(tmpdir(), 'opendls-launcher-'));
  await chmod(target, 0o755);
  const source = path.join(projectRoot, 'src');
  const swc = JSON.parse(await readFile(path.join(workspaceRoot, '.swcrc.json'), 'utf8')) as object;
  await mkdir(path.join(target, 'src'));
  for (const name of await readdir(source)) {
    if (name.endsWith('.mjs')) await cp(path.join(source, name), path.join(target, 'src', name));
    if (!name.endsWith('.ts') || name.endsWith('spec.ts')) continue;
    const { code } = await transformFile(path.join(source, name), { ...swc, swcrc: false, configFile: false });
    await writeFile(path.join(target, 'src', name.replace(/\.ts$/, '.js')), code);
  }
  await writeFile(path.join(target, 'src', 'program.js'), PROGRAM);
  await writeFile(path.join(target, 'package.json'), '{"type":"module"}');
  await symlink(path.join(workspaceRoot, 'node_modules'), path.join(target, 'node_modules'));
  return target;
}

/** Runs the compiled launcher; resolves with what it says once its server is ready or has failed. */
export async function runLauncher(
  compiled: string,
  dataDir: string,
  options: { readonly uid?: number; readonly gid?: number; readonly persistent?: boolean } = {},
): Promise<{ process: ChildProcess; answer: LauncherAnswer }> {
  const { uid, gid, ...serverOptions } = options;
  const child = spawn(
    process.execPath,
    [path.join(compiled, 'src', 'program.js'), dataDir, JSON.stringify(serverOptions)],
    { uid, gid, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' } },
  );
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { process: child, answer: JSON.parse(line) as LauncherAnswer };
}
