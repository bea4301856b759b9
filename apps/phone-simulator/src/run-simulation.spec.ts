import type { FleetSummary } from '@opendls/virtual-phone';
import type { ScriptedService } from '@opendls/virtual-phone/testing';
import { startScriptedService } from '@opendls/virtual-phone/testing';
import { parseCommandLine } from './cli-options.js';
import { createProgress } from './progress.js';
import type { SimulationReport } from './report.js';
import { formatReport } from './report.js';
import { runSimulation } from './run-simulation.js';
import { SCENARIOS } from './scenarios.js';

describe('a simulation', () => {
  let service: ScriptedService;

  beforeAll(async () => {
    // Reads everything from a phone that starts, writes to it, and asks a busy phone to come back.
    service = await startScriptedService({
      otherwise: ({ reason, action, status, fragment }) => {
        if (reason === 'start-up') return { action: 'ReadAllItems' };
        if (fragment === 'next') return { action: 'GetNextFragment' };
        if (action === 'ReadAllItems') return { action: 'WriteItems', items: [{ name: 'reg-addr', value: 'x' }] };
        return status === 'busy'
          ? { action: 'CleanUp', items: [{ name: 'send-solicited', value: 'true' }] }
          : { action: 'CleanUp' };
      },
    });
  });
  beforeEach(() => {
    service.received.length = 0;
  });
  afterAll(async () => {
    await service.close();
  });

  function simulate(args: readonly string[], signal = new AbortController().signal): Promise<SimulationReport> {
    const parsed = parseCommandLine(['--url', service.url, '--phones', '2', '--rate', '1000', ...args]);
    if (parsed.kind !== 'run') throw new Error('wrong options');
    return runSimulation(parsed.options, signal);
  }

  it.each([
    ['boot', { 'start-up': 2 }, ['ReadAllItems', 'WriteItems', 'CleanUp']],
    ['reboot', { 'start-up': 4 }, ['ReadAllItems', 'WriteItems', 'CleanUp']],
    ['local-change', { 'start-up': 2, 'local-changes': 2 }, ['ReadAllItems', 'WriteItems', 'CleanUp']],
    ['large', { 'start-up': 2 }, ['ReadAllItems', 'GetNextFragment', 'WriteItems', 'CleanUp']],
    ['busy', { 'start-up': 2, solicited: 2 }, ['ReadAllItems', 'WriteItems', 'CleanUp']],
    ['storm', { 'start-up': 2 }, ['ReadAllItems', 'WriteItems', 'CleanUp']],
  ])('plays the scenario %s', async (scenario, byReason, actions) => {
    const report = await simulate(['--scenario', scenario]);
    expect(report).toMatchObject({ scenario, isInterrupted: false, phones: { succeeded: 2, failed: 0 }, failures: {} });
    expect(report.contacts.byReason).toEqual(byReason);
    expect(Object.keys(report.actions).sort()).toEqual([...actions].sort());
  });

  it('knows a test for every scenario', () => {
    expect(SCENARIOS.map(({ name }) => name)).toEqual([
      ...['boot', 'reboot', 'local-change', 'large', 'busy', 'storm'],
      ...['mobility', 'files', 'firmware', 'secure-mode', 'contact-me', 'dcmp', 'faults'],
    ]);
  });

  it('gives phones the addresses, numbers and model it was told', async () => {
    const report = await simulate([
      ...['--mac-start', '00:01:E3:00:00:09', '--e164-start', '0899', '--device-type', 'OpenStage 40', '--seed', '5'],
    ]);
    expect(report.seed).toBe(5);
    const starts = service.received.filter(({ message }) => message.reason === 'start-up');
    const valuesOf = (name: string) =>
      starts.map(({ message }) => message.items.find((item) => item.name === name)?.value).sort();
    expect(valuesOf('mac-addr')).toEqual(['00:01:E3:00:00:09', '00:01:E3:00:00:0A']);
    expect(valuesOf('e164')).toEqual(['0899', '0900']);
    expect(valuesOf('device-type')).toEqual(['OpenStage 40', 'OpenStage 40']);
  });

  it('is reported in words', async () => {
    service.script((_request, response) => void response.writeHead(500).end());
    const text = formatReport({ ...(await simulate(['--seed', '5'])), durationMs: 1234 });
    expect(text).toContain('2 phones, scenario boot, 1.2 s, seed 5\n');
    expect(text).toContain('1 succeeded, 1 failed\n');
    expect(text).toMatch(/answer time +3 /);
    expect(text).toContain('http-status: 1\n');
  });

  it('says that it was interrupted', async () => {
    const stop = new AbortController();
    service.script(() => stop.abort());
    const report = await simulate([], stop.signal);
    expect(report).toMatchObject({ isInterrupted: true, phones: { failed: 0 } });
    expect(formatReport(report)).toContain('(interrupted)');
  });
});

describe('progress without a terminal', () => {
  it('is a line every few seconds', () => {
    const lines: string[] = [];
    // Only what the progress uses of a stream.
    const output = { isTTY: false, write: (text: string) => lines.push(text) > 0 } as unknown as NodeJS.WriteStream;
    const progress = createProgress(100, output);
    const at = (durationMs: number, succeeded: number) =>
      // Only what the progress uses of a summary.
      ({ durationMs, answers: 7, overloads: 1, phones: { total: 100, succeeded, failed: 2 } }) as FleetSummary;
    for (const [durationMs, succeeded] of [
      [200, 1],
      [5100, 40],
      [5300, 41],
      [10_200, 80],
    ] as const) {
      progress.update(at(durationMs, succeeded));
    }
    progress.stop();
    expect(lines).toEqual([
      '5 s: 42 of 100 phones done, 7 answers, 1 overload, 2 failed\n',
      '10 s: 82 of 100 phones done, 7 answers, 1 overload, 2 failed\n',
    ]);
  });
});
