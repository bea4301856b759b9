import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiClient, isAlive, RunningProgram, until } from '../src/index.js';

const MAIN = 'apps/standalone/dist/main.js';
const FREE_PORTS = ['--host', '127.0.0.1', '--phone-port', '0', '--api-port', '0'];
const START_MS = 120_000;

let directory: string;
const started: RunningProgram[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'opendls-standalone-'));
});

afterEach(async () => {
  for (const program of started.splice(0)) await program.stop();
  await rm(directory, { recursive: true, force: true });
});

function start(...args: string[]): RunningProgram {
  const program = RunningProgram.start(MAIN, path.join(directory, 'data'), args);
  started.push(program);
  return program;
}

it(
  'boots demo phones that end up as the sample policy wants them, and keeps everything over a restart',
  async () => {
    const first = start(...FREE_PORTS, '--demo', '5');
    const endpoints = await first.ready();
    expect(endpoints.kafka).toBeNull();
    const key = await first.apiKey();
    expect((await stat(path.join(first.dataDir, 'api-key'))).mode & 0o777).toBe(0o600);
    const api = new ApiClient(endpoints.api, key);

    const devices = await until('five devices', 60_000, async () => {
      const found = await api.devices();
      return found.length === 5 && found;
    });
    for (const device of devices) {
      expect(device).toMatchObject({ deviceType: 'OpenStage 60', startUpCount: 1, lastReason: 'start-up' });
      await until(
        `${device.deviceId} compliant`,
        60_000,
        async () => (await api.policyOf(device.deviceId)).state === 'compliant',
      );
    }
    const policy = await api.policyOf(devices[0]?.deviceId ?? '');
    expect(policy.differences).toEqual([]);
    expect(policy.desiredItems).toContainEqual(
      expect.objectContaining({ name: 'sntp-addr', value: 'ntp.example.org', policy: 'demo' }),
    );
    await until('what to try', 30_000, async () => first.output.includes('Try:'));
    expect(first.output).toContain(key);

    const pids = endpoints.processes.map(({ pid }) => pid);
    expect(await first.stop()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(stat(path.join(first.dataDir, 'endpoints.json'))).rejects.toMatchObject({ code: 'ENOENT' });

    const second = start(...FREE_PORTS);
    const again = new ApiClient((await second.ready()).api, key);
    expect((await again.devices()).map(({ deviceId }) => deviceId).sort()).toEqual(
      devices.map(({ deviceId }) => deviceId).sort(),
    );
    expect(second.output).not.toContain(key);
  },
  START_MS,
);

it(
  'says so when another server uses the data directory',
  async () => {
    const first = start(...FREE_PORTS);
    await first.ready();
    const second = start(...FREE_PORTS);
    expect(await second.exited()).toBe(1);
    expect(second.output).toContain(`is in use by process ${first.pid}`);
    expect((await fetch(`${(await first.ready()).api}/health/ready`)).status).toBe(200);
  },
  START_MS,
);

it(
  'says which port is taken, and leaves nothing running',
  async () => {
    const blocker: Server = createServer();
    blocker.listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as { port: number };
    try {
      const program = start('--host', '127.0.0.1', '--api-port', '0', '--phone-port', String(port));
      expect(await program.exited()).toBe(1);
      expect(program.output).toContain(String(port));
      expect(program.output).toContain('already in use');
      expect(program.output).not.toContain('    at ');
    } finally {
      blocker.close();
    }
    const pidFile = await readFile(path.join(directory, 'data', 'opendls.pid'), 'utf8').catch(() => '');
    expect(pidFile).toBe('');
  },
  START_MS,
);

it(
  'names an unknown option',
  async () => {
    const program = start('--bogus');
    expect(await program.exited()).toBe(2);
    expect(program.output).toContain('--bogus');
  },
  START_MS,
);

it(
  'leaves no PostgreSQL behind when it is killed',
  async () => {
    const program = start(...FREE_PORTS);
    const { processes } = await program.ready();
    process.kill(program.pid, 'SIGKILL');
    await program.exited();
    for (const { name, pid } of processes) await until(`${name} gone`, 20_000, async () => !isAlive(pid));
    const next = start(...FREE_PORTS);
    await next.ready();
  },
  START_MS,
);
