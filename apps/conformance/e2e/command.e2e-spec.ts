import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startReferenceServer, type ReferenceServer } from '../test/reference-server.js';

const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));

let directory: string;
let server: ReferenceServer | undefined;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'conformance-command-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs the command as its users do, but from its sources. */
async function conformance(...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const program = ['--import', './tools/run-typescript.mjs', 'apps/conformance/src/main.ts'];
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: WORKSPACE,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { output: '', errors: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}

const fileIn = (name: string): string => path.join(directory, name);

describe('npm run conformance', () => {
  it('lists the cases without a server', async () => {
    const { code, output } = await conformance('--list');
    expect(code).toBe(0);
    expect(output).toContain('http/content-length');
    expect(output).toMatch(/\d{3} cases, \d+ of them need a hook or another address\n$/);
  }, 60_000);

  it('ends with 0 when nothing that is demanded failed, and says what was not run', async () => {
    server = await startReferenceServer();
    const { code, output } = await conformance('--url', server.url, '--only', 'busy/');
    expect(output).toContain('x needs hook wantWrite');
    expect(output).toContain('0 passed, 0 failed');
    expect(code).toBe(0);
  }, 60_000);

  it('ends with 1 when a demanded case failed, and writes both reports', async () => {
    server = await startReferenceServer('wrong-root');
    const [json, junit] = [fileIn('report.json'), fileIn('report.xml')];
    const { code, output } = await conformance(
      ...['--url', server.url, '--only', 'service/root', '--json', json, '--junit', junit],
    );
    expect(code).toBe(1);
    expect(output).toContain('FAILED   service/root-name');
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({ isConformant: false, totals: { failedMust: 1 } });
    expect(await readFile(junit, 'utf8')).toContain('<failure message="expected DLSMessage, got DlsMessage">');
  }, 60_000);

  it.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['--list', '--only', 'no-such-case'], 'matches no case'],
    [['--url', 'https://127.0.0.1:1', '--hooks', 'nowhere.mjs'], 'nowhere.mjs cannot be loaded'],
  ])(
    'ends with 2 for %j',
    async (args, words) => {
      const { code, errors } = await conformance(...args);
      expect(errors).toContain(words);
      expect(code).toBe(2);
    },
    60_000,
  );

  it('gives up on a server that is not there', async () => {
    const { code, output } = await conformance('--url', 'https://127.0.0.1:1', '--only', 'tls/no-client');
    expect(output).toContain('no connection: ECONNREFUSED');
    expect(code).toBe(1);
  }, 60_000);
});
