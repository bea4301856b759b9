import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseRecording } from '../src/record/recording.js';
import { recordContact } from '../src/record/record-contact.js';
import { replay } from '../src/record/replay.js';
import {
  isConformant,
  loadHooks,
  parseTarget,
  runSuite,
  type CaseResult,
  type ConformanceReport,
  type ServerHooks,
} from '../src/index.js';

const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));
const START_TIMEOUT_MS = 90_000;
const ZERO_PORTS = ['phone', 'api', 'secure-phone', 'legacy-phone', 'dcmp'].flatMap((name) => [`--${name}-port`, '0']);
const CONCURRENCY = 6;

interface Endpoints {
  readonly phones: string;
  readonly securePhones: string;
  readonly legacyPhones: string;
  readonly dcmp: string;
}

/** OpenDLS as its users start it, on free ports and a directory of its own. */
async function startOpenDls(dataDir: string): Promise<{ child: ChildProcess } & Endpoints> {
  const ports = ['--host', '127.0.0.1', ...ZERO_PORTS, '--simulated-phones'];
  const main = path.join(WORKSPACE, 'apps/standalone/dist/main.js');
  const child = spawn(process.execPath, [main, '--data-dir', dataDir, ...ports], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await delay(100)) {
    if (child.exitCode !== null) throw new Error(`OpenDLS ended with code ${child.exitCode}:\n${said}`);
    const text = await readFile(path.join(dataDir, 'endpoints.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return { child, ...(JSON.parse(text) as Endpoints) };
  }
  throw new Error(`OpenDLS was not ready in time:\n${said}`);
}

const shown = ({ id, expected, got, reason }: CaseResult): string => `${id}: ${expected ?? reason}, got ${got}`;

describe('OpenDLS', () => {
  let directory: string;
  let started: { child: ChildProcess } & Endpoints;
  let hooks: ServerHooks;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'opendls-conformance-'));
    const dataDir = path.join(directory, 'data');
    started = await startOpenDls(dataDir);
    process.env['OPENDLS_DATA_DIR'] = dataDir;
    hooks = await loadHooks(fileURLToPath(new URL('../hooks/opendls.mjs', import.meta.url)));
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    if (started?.child.exitCode === null) {
      started.child.kill('SIGINT');
      await once(started.child, 'exit');
    }
    delete process.env['OPENDLS_DATA_DIR'];
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it('answers the recorded contacts as they were answered', async () => {
    const target = parseTarget(started.phones)!;
    const common = { target, timeoutMs: 10_000, mac: undefined };
    for (const name of ['start-up', 'start-up-in-fragments', 'busy-write']) {
      const file = new URL(`../recordings/${name}.json`, import.meta.url);
      const recording = parseRecording(await readFile(file, 'utf8'));
      if (name === 'busy-write') {
        const mac = '02:4F:44:0A:00:03';
        const phone = { reason: 'start-up', fragments: 1, isBusy: false, macPrefix: '02:4F:44', note: '' };
        await recordContact({ ...common, ...phone, mac });
        await hooks.wantWrite?.({ mac, items: [{ name: 'sntp-addr', value: '198.51.100.124' }] });
      }
      expect([name, await replay(recording, { ...common, comparesValues: true })]).toEqual([name, []]);
    }
  }, 120_000);

  it('keeps to everything that is demanded of a server, and to everything that is advised', async () => {
    const report: ConformanceReport = await runSuite({
      url: started.phones,
      target: parseTarget(started.phones)!,
      hooks,
      addresses: {
        '--secure-url': parseTarget(started.securePhones)!,
        '--legacy-url': parseTarget(started.legacyPhones)!,
        '--dcmp-url': `${started.dcmp}/dcmp`,
      },
      concurrency: CONCURRENCY,
    });
    // Work of every kind can be made: nothing was left out for want of a hook or an address.
    expect(report.results.filter(({ outcome }) => outcome !== 'passed').map(shown)).toEqual([]);
    expect(isConformant(report)).toBe(true);
  }, 600_000);
});
