import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { compileLauncher, runLauncher } from '../test/launcher-process.js';
import { silentLogger } from '../test/silent-logger.js';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.js';
import { isAlive, processIdentity } from './process-identity.js';

jest.setTimeout(60_000);

const isRoot = process.getuid?.() === 0;
const itAsRoot = isRoot ? it : it.skip;

let base: string;
let dataDir: string;
const running: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'opendls-embedded-'));
  await chmod(base, 0o755);
  dataDir = path.join(base, 'database');
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  await rm(base, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, durability: 'throwaway', logger: silentLogger, ...options });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('startEmbeddedPostgres', () => {
  it('serves databases with UTF-8, on 127.0.0.1 only, to whoever knows the password', async () => {
    const server = await start();
    await server.ensureDatabase('some "name"');
    await server.ensureDatabase('some "name"');
    const [row] = await query(server.url('some "name"'), "SELECT current_database() AS name, upper('ä') AS upper");
    expect(row).toEqual({ name: 'some "name"', upper: 'Ä' });
    expect(await query(server.adminUrl, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    const wrong = new URL(server.adminUrl);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(path.join(dataDir, 'superuser-password'))).mode & 0o777).toBe(0o600);
    expect((await stat(path.join(dataDir, 'cluster'))).mode & 0o077).toBe(0);
  });

  it('keeps everything over a stop and a second start, with full durability', async () => {
    const first = await start({ durability: 'full' });
    await query(first.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    expect(await first.exited).toMatchObject({ isExpected: true });
    const second = await start({ durability: 'full' });
    expect(await query(second.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(new URL(second.adminUrl).password).toBe(new URL(first.adminUrl).password);
  });

  it('stops although a client is in a transaction', async () => {
    const server = await start();
    const client = new pg.Client({ connectionString: server.adminUrl });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('BEGIN');
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    await client.end();
  });

  it('says which process serves the directory already', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'already-running', pid: process.pid });
  });

  it('says that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(start({ port })).rejects.toMatchObject({ code: 'port-in-use' });
    other.close();
    const server = await start({ port });
    expect(server.port).toBe(port);
  });

  it('starts over a postmaster.pid whose process id belongs to something else by now', async () => {
    const first = await start();
    const pidFile = path.join(dataDir, 'cluster', 'postmaster.pid');
    const text = await readFile(pidFile, 'utf8');
    await first.stop();
    const other = spawn('sleep', ['60'], await ownerOf(path.join(dataDir, 'cluster')));
    children.push(other);
    await once(other, 'spawn');
    await writeFile(pidFile, text.replace(/^\d+/, String(other.pid)));
    await start();
    expect(isAlive(other.pid ?? 0)).toBe(true);
  });

  it('starts over the claim of a process that had the same id before', async () => {
    await (await start()).stop();
    const claim = { pid: process.pid, identity: `${processIdentity(process.pid)}0` };
    await writeFile(path.join(dataDir, 'launcher.lock'), JSON.stringify(claim));
    await start();
  });

  it('clears away a cluster whose creation was interrupted', async () => {
    await mkdir(path.join(dataDir, 'cluster.new-abc', 'base'), { recursive: true });
    await start();
    await expect(stat(path.join(dataDir, 'cluster.new-abc'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a cluster of another major version', async () => {
    await mkdir(path.join(dataDir, 'cluster'), { recursive: true });
    await writeFile(path.join(dataDir, 'cluster', 'PG_VERSION'), '9\n');
    await expect(start()).rejects.toMatchObject({ code: 'version-mismatch' });
  });

  it('takes a password named by the caller, at first and instead of an earlier one', async () => {
    await (await start({ password: 'first & only' })).stop();
    await (await start({ password: 'second' })).stop();
    const server = await start();
    expect(new URL(server.adminUrl).password).toBe('second');
    expect(await query(server.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('removes the directory of a server that is not persistent', async () => {
    const server = await start({ persistent: false });
    await server.stop();
    await expect(stat(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  itAsRoot('runs as root, in a directory no other user can enter', async () => {
    await chmod(base, 0o700);
    const first = await start();
    await query(first.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await expect(start()).rejects.toMatchObject({ code: 'already-running' });
    await first.stop();
    const second = await start();
    expect(await query(second.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect((await stat(`/proc/${second.pid}`)).uid).not.toBe(0);
  });
});

async function ownerOf(file: string): Promise<{ uid?: number; gid?: number }> {
  const { uid, gid } = await stat(file);
  return isRoot ? { uid, gid } : {};
}

describe('a launcher that is a process of its own', () => {
  let compiled: string;

  beforeAll(async () => {
    compiled = await compileLauncher();
  });
  afterAll(() => rm(compiled, { recursive: true, force: true }));

  async function launch(options: Parameters<typeof runLauncher>[2] = {}): ReturnType<typeof runLauncher> {
    const launched = await runLauncher(compiled, dataDir, options);
    children.push(launched.process);
    return launched;
  }

  it('leaves no PostgreSQL behind when it is killed, and what was committed is there after an immediate restart', async () => {
    const { process: launcher, answer } = await launch();
    expect(answer).toMatchObject({ ok: true });
    await query(answer.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    const server = await start();
    expect(isAlive(answer.pid)).toBe(false);
    expect(await query(server.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('is killed without anybody starting again: PostgreSQL and its throwaway directory go all the same', async () => {
    const { process: launcher, answer } = await launch({ persistent: false });
    launcher.kill('SIGKILL');
    await until(() => !isAlive(answer.pid));
    await until(() =>
      stat(dataDir).then(
        () => false,
        () => true,
      ),
    );
  });

  it('meets a running server: the error names the other launcher', async () => {
    const { process: launcher, answer } = await launch();
    expect(answer.ok).toBe(true);
    await expect(start()).rejects.toMatchObject({ code: 'already-running', pid: launcher.pid });
  });

  it('has its watchdog killed: the server is stopped and its end is reported', async () => {
    const server = await start();
    const stat = await readFile(`/proc/${server.pid}/stat`, 'utf8');
    const watchdogPid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    process.kill(watchdogPid, 'SIGKILL');
    expect(await server.exited).toMatchObject({ isExpected: false });
    await until(() => !isAlive(server.pid));
  });

  itAsRoot('runs as an ordinary user, and root takes the same directory over later', async () => {
    const [uid, gid] = [65534, 65534];
    await chown(base, uid, gid);
    const { process: launcher, answer } = await launch({ uid, gid });
    expect(answer).toMatchObject({ ok: true });
    await query(answer.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    launcher.kill('SIGKILL');
    const exit = once(launcher, 'exit');
    await exit;
    const server = await start();
    expect((await stat(`/proc/${server.pid}`)).uid).toBe(uid);
    expect(await query(server.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  itAsRoot('says that a directory belongs to somebody else', async () => {
    await (await start()).stop();
    const { answer } = await launch({ uid: 65534, gid: 65534 });
    expect(answer).toMatchObject({ ok: false, code: 'data-dir-not-accessible' });
  });
});
