import type { FleetSummary } from '@opendls/virtual-phone';
import type { ScriptedService, ScriptedServiceOptions } from '@opendls/virtual-phone/testing';
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

  describe('against a service that', () => {
    let own: ScriptedService;
    let otherwise: ScriptedServiceOptions['otherwise'];
    beforeAll(async () => {
      own = await startScriptedService({ otherwise: (message) => otherwise?.(message) ?? { action: 'CleanUp' } });
    });
    afterAll(async () => {
      await own.close();
    });

    const play = (scenario: string, answers: typeof otherwise, ...args: string[]): Promise<SimulationReport> => {
      otherwise = answers;
      const run = ['--url', own.url, '--phones', '1', '--rate', '1000', '--scenario', scenario, '--stay', '0.2'];
      const parsed = parseCommandLine([...run, ...args]);
      if (parsed.kind !== 'run') throw new Error('wrong options');
      return runSimulation(parsed.options, new AbortController().signal);
    };

    it('grants logons: mobility', async () => {
      const grants: ScriptedServiceOptions['otherwise'] = ({ items, reason }) =>
        reason === 'inventory-changes' && items.some(({ name, value }) => name === 'user-pwd' && value === 'pw')
          ? { action: 'WriteItems', items: [{ name: 'sip-mobility-state', value: '0' }] }
          : { action: 'CleanUp' };
      const report = await play('mobility', grants, '--user-password', 'pw');
      expect(report).toMatchObject({ phones: { succeeded: 1 }, contacts: { byReason: { 'inventory-changes': 3 } } });
      const refused = await play('mobility', grants, '--user-password', 'wrong');
      expect(refused.phones.failed).toBe(1);
      expect(refused.failureExamples[0]?.message).toContain('logon of 4989200000: refused');
    });

    it('sends files and software: files, firmware', async () => {
      const sends =
        (action: 'FileDeployment' | 'SoftwareDeployment', type: string): ScriptedServiceOptions['otherwise'] =>
        ({ reason, items }) => ({
          action: reason === 'start-up' && !items.some(({ value }) => value === 'V9 R1.0.0') ? action : 'CleanUp',
          items: [
            { name: 'file-type', value: type },
            { name: 'file-https-base-url', value: `https://127.0.0.1:1/x` },
            { name: 'file-sw-version', value: 'V9 R1.0.0' },
          ],
        });
      const lost = await play('files', sends('FileDeployment', 'LOGO'));
      expect(lost.failureExamples[0]?.message).toContain('no file arrived');
      const none = await play('firmware', sends('SoftwareDeployment', 'APP'));
      expect(none.failureExamples[0]?.message).toContain('still V3 R4.11.0');
    });

    it('does not ask for anything: secure-mode, dcmp, contact-me', async () => {
      const secure = await play('secure-mode', undefined);
      expect(secure.failureExamples[0]?.message).toContain('was not asked to go to secure mode');
      expect((await play('dcmp', undefined)).failureExamples[0]?.message).toContain('no dcmp-url');
      expect((await play('contact-me', undefined)).phones.succeeded).toBe(1);
    });

    it('serves all models of today: mix', async () => {
      expect((await play('boot', undefined, '--personality', 'mix', '--phones', '5')).phones.succeeded).toBe(5);
    });
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
