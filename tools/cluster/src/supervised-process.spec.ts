import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SupervisedProcess } from './supervised-process.js';

let directory: string;
const started: SupervisedProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'opendls-supervisor-'));
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.stop()));
  await rm(directory, { recursive: true, force: true });
});

async function supervise(
  script: string,
  onChange: (message: string) => void = () => undefined,
): Promise<SupervisedProcess> {
  const file = path.join(directory, 'child.mjs');
  await writeFile(file, script);
  const child = new SupervisedProcess(
    { name: 'child', args: [file], env: { OPENDLS_X: 'given' }, logFile: path.join(directory, 'log') },
    onChange,
  );
  started.push(child);
  return child;
}

const READY = `process.send({ type: 'ready', urls: { pid: String(process.pid), env: process.env.OPENDLS_X ?? null } });
process.on('disconnect', () => process.exit(0)); setInterval(() => {}, 1000);`;

it('reports the URLs of a child that is ready', async () => {
  const child = await supervise(READY);
  await child.start();
  expect(child.urls).toEqual({ pid: String(child.pid), env: 'given' });
});

it('starts a killed child again', async () => {
  let ready: () => void = () => undefined;
  let count = 0;
  const twice = new Promise<void>((resolve) => (ready = resolve));
  const child = await supervise(READY, (message) => {
    if (message === 'child is ready' && ++count === 2) ready();
  });
  await child.start();
  const before = child.pid;
  process.kill(before ?? 0, 'SIGKILL');
  await twice;
  expect(child.pid).not.toBe(before);
  expect(child.urls?.['pid']).toBe(String(child.pid));
});

it('says where to look when a child ends before it was ready', async () => {
  const child = await supervise("console.error('no such port'); process.exit(3);");
  await expect(child.start()).rejects.toThrow(/child ended with code 3 before it was ready; see .*log/);
  expect(await readFile(path.join(directory, 'log'), 'utf8')).toContain('no such port');
});

it('does not start a stopped child again', async () => {
  const child = await supervise(READY);
  await child.start();
  await child.stop();
  expect(child.pid).toBeUndefined();
  expect(child.urls).toBeUndefined();
});
