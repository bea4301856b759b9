import { setTimeout as delay } from 'node:timers/promises';
import {
  isConformant,
  parseTarget,
  runSuite,
  selectCases,
  totalsOf,
  type CaseResult,
  type ConformanceReport,
  type ServerHooks,
} from '../src/index.js';
import { FAULTS, type Fault } from '../test/faults.js';
import { startReferenceServer } from '../test/reference-server.js';

interface Play {
  readonly fault?: Fault;
  readonly only?: string;
  readonly withHooks?: boolean;
}

/** Plays the suite against a server that keeps to the protocol but for one fault. */
async function play({ fault, only, withHooks = true }: Play): Promise<ConformanceReport> {
  const server = await startReferenceServer(fault);
  try {
    const hooks: ServerHooks = withHooks ? server.hooks : {};
    const target = parseTarget(server.url)!;
    const timeoutMs = fault === undefined ? 10_000 : 1_000;
    const { addresses } = server;
    const observeMs = 300;
    return await runSuite({
      url: server.url,
      target,
      hooks,
      addresses,
      observeMs,
      chapters: selectCases(only),
      timeoutMs,
      // What a broken server does wrong must not hide behind what it does to other cases.
      concurrency: fault === undefined ? 6 : 1,
    });
  } finally {
    await server.close();
    await delay(0);
  }
}

const failed = (report: ConformanceReport, levels = ['must']): readonly string[] =>
  report.results.filter(({ outcome, level }) => outcome === 'failed' && levels.includes(level)).map(({ id }) => id);

/** Advice that such a server does not keep; it does not fail a run. */
const ADVISED: ReadonlySet<Fault> = new Set(['no-file-range']);

const shown = ({ id, expected, got, reason }: CaseResult): string => `${id}: ${expected ?? reason}, got ${got}`;

describe('a server that keeps to the protocol', () => {
  it('passes every case', async () => {
    const report = await play({});
    expect(report.results.filter(({ outcome }) => outcome !== 'passed').map(shown)).toEqual([]);
    expect(totalsOf(report.results).cases).toBeGreaterThanOrEqual(150);
    expect(isConformant(report)).toBe(true);
  }, 240_000);

  it('is not said to pass what could not be tried without hooks', async () => {
    const report = await play({ withHooks: false, only: 'writes/' });
    const { cases, notRun, passed } = totalsOf(report.results);
    expect({ passed, notRun }).toEqual({ passed: 0, notRun: cases });
    expect(report.results[0]?.reason).toBe('needs hook wantWrite');
    expect(isConformant(report)).toBe(true);
  }, 60_000);
});

describe('a server that is broken on purpose', () => {
  const FOUND_BY: Readonly<Record<Fault, readonly [only: string, id: string]>> = {
    'wrong-nonce': ['nonce/', 'nonce/upper-case-hex'],
    chunked: ['http/', 'http/no-chunking'],
    'no-content-length': ['http/', 'http/content-length'],
    'status-204': ['http/status', 'http/status-200'],
    'error-status': ['http/status', 'http/status-200'],
    'no-cookie': ['cookies/', 'cookies/set-in-first-answer'],
    'strict-cookie': ['cookies/', 'cookies/attributes-echoed'],
    'no-clean-up': ['service/', 'service/contact-ends'],
    'never-closes': ['service/contact', 'service/contact-ends'],
    'loops-writes': ['service/', 'service/contact-ends'],
    'forgets-busy-job': ['busy/', 'busy/job-is-remembered'],
    'echoes-unescaped': ['nonce/', 'nonce/injection-escaped'],
    'wrong-root': ['service/', 'service/root-name'],
    'wrong-namespace': ['service/', 'service/root-namespace'],
    'stray-output': ['http/', 'http/only-xml-in-body'],
    hangs: ['service/contact', 'service/contact-ends'],
    'ignores-fragments': ['fragments/', 'fragments/two'],
    'told-apart-by-address': ['concurrency/', 'concurrency/interleaved'],
    'ignores-max-items': ['writes/', 'writes/max-items-1'],
    'expands-entities': ['hostile/*entit', 'hostile/internal-entity'],
    'one-at-a-time': ['hostile/*slow', 'hostile/slow-body'],
    'dies-of-garbage': ['hostile/', 'hostile/noise'],
    'restarts-for-ever': ['jobs/restart', 'jobs/restart-once'],
    'firmware-loop': ['firmware/', 'firmware/loop-guard'],
    'file-again': ['files/', 'files/not-again'],
    'unindexed-files': ['files/indexed', 'files/indexed-items'],
    'wrong-file-length': ['files/download', 'files/download'],
    'no-file-range': ['files/download', 'files/download-range'],
    'reads-certificate': ['jobs/certificate', 'jobs/certificate-is-not-read'],
    'resets-without-password': ['jobs/factory', 'jobs/factory-reset'],
    'logs-on-anybody': ['mobility/', 'mobility/wrong-password'],
    'forgets-user-data': ['mobility/restore', 'mobility/restore'],
    'wakes-twice': ['waking/', 'waking/spaced'],
    'wakes-without-form': ['waking/', 'waking/form'],
    'always-202': ['dcmp/', 'dcmp/unknown-phone'],
    'never-202': ['dcmp/', 'dcmp/pending'],
    'no-tls-1.0': ['legacy/', 'legacy/rsa-aes128'],
    'takes-any-certificate': ['secure/other', 'secure/other-phone'],
    'open-default-port': ['secure/refused', 'secure/refused-on-default'],
    'foreign-authority': ['secure/server', 'secure/server-certificate'],
  };

  it.each(FAULTS)(
    'is found out: %s',
    async (fault) => {
      const [only, id] = FOUND_BY[fault];
      const report = await play({ fault, only });
      expect(isConformant(report)).toBe(ADVISED.has(fault));
      expect(report.isStoppedEarly || failed(report, ['must', 'should']).includes(id)).toBe(true);
    },
    120_000,
  );
});
