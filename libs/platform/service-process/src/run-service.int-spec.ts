import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';

const PROGRAM = fileURLToPath(new URL('../test/program.ts', import.meta.url));
const HOOKS = new URL('../../../../tools/run-typescript.mjs', import.meta.url).href;

// A process each, on a machine that may be busy.
jest.setTimeout(60_000);

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves when the program wrote this. */
  readonly wrote: (text: string) => Promise<void>;
  readonly exitCode: Promise<number | null>;
}

const runs: Run[] = [];
afterAll(() => {
  for (const { child } of runs) child.kill('SIGKILL');
});

function start(does: string, ...args: readonly string[]): Run {
  const child = fork(PROGRAM, args, {
    execArgv: ['--import', HOOKS],
    env: { PATH: process.env['PATH'], OPENDLS_TEST_DOES: does },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const wrote = async (text: string): Promise<void> => {
    while (!output.includes(text) && child.exitCode === null) await once(child.stderr!, 'data');
  };
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  // Not 'close': it does not come when it was this side that disconnected.
  const ended = [once(child, 'exit'), once(child.stdout!, 'end'), once(child.stderr!, 'end')] as const;
  const exitCode = Promise.all(ended).then(([[code]]) => code as number | null);
  const run = { child, output: () => output, wrote, exitCode };
  runs.push(run);
  return run;
}

describe('runService', () => {
  it('says where it answers, and stops in order when its supervisor is gone', async () => {
    const { child, exitCode, output } = start('work');
    expect(await once(child, 'message')).toEqual([{ type: 'ready', urls: { api: 'http://localhost' } }, undefined]);
    child.disconnect();
    expect(await exitCode).toBe(0);
    expect(output()).toContain('closing');
  });

  it('stops in order at SIGTERM', async () => {
    const { child, exitCode, output } = start('work');
    await once(child, 'message');
    child.kill('SIGTERM');
    expect([await exitCode, output()]).toEqual([0, expect.stringContaining('closing')]);
  });

  it('can be stopped while it waits for what it needs', async () => {
    const { child, exitCode, wrote } = start('wait');
    await wrote('serving');
    child.kill('SIGTERM');
    expect(await exitCode).toBe(0);
  });

  it('ends with 1 when stopping takes too long', async () => {
    const { child, exitCode, output } = start('hang');
    await once(child, 'message');
    child.kill('SIGTERM');
    expect([await exitCode, output()]).toEqual([1, expect.stringContaining('did not stop in time')]);
  });

  it('ends with 1, after an orderly stop, when the service cannot go on', async () => {
    const { exitCode, output } = start('end');
    expect(await exitCode).toBe(1);
    expect(output()).toContain('no way to go on');
    expect(output()).toContain('closing');
  });

  it('ends with 1 when the service cannot start', async () => {
    const { exitCode, output } = start('fail');
    expect([await exitCode, output()]).toEqual([1, expect.stringContaining('no way to begin')]);
  });

  it('names what is wrong with the configuration, in words, and ends with 1', async () => {
    const { exitCode, output } = start('geheim');
    expect([await exitCode, output()]).toEqual([1, expect.stringContaining('OPENDLS_TEST_DOES: ')]);
    expect(output()).not.toContain('geheim');
  });

  it('migrates without the configuration of the service', async () => {
    const { exitCode, output } = start('', 'migrate');
    expect([await exitCode, output()]).toEqual([0, 'migrated\n']);
  });

  it('ends with 2 when the command line is wrong', async () => {
    for (const args of [['serve'], ['migrate', 'now']]) {
      const { exitCode, output } = start('work', ...args);
      expect([await exitCode, output()]).toEqual([2, 'usage: main.js [migrate]\n']);
    }
  });
});
