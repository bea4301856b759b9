import { XMLValidator } from 'fast-xml-parser';
import type { CaseResult, ConformanceReport } from '../run/case-result.js';
import { isConformant } from '../run/case-result.js';
import { formatJson } from './json-report.js';
import { formatJunit } from './junit-report.js';
import { maskSecrets } from './mask-secrets.js';
import { formatReport } from './text-report.js';

const base = { chapter: 'http', level: 'must', clause: '1.2.4', durationMs: 5 } as const;
const SENT = 'POST / HTTP/1.1\r\nCookie: JSESSIONID=abc; Path=/\r\n\r\n<Item name="sip-pwd">hunter2</Item>\u0007';

const RESULTS: readonly CaseResult[] = [
  { ...base, id: 'http/a', title: 'is good', outcome: 'passed' },
  {
    ...base,
    id: 'http/b',
    title: 'is <bad>',
    outcome: 'failed',
    expected: 'status 200',
    got: 'status "500"',
    exchange: { sent: SENT, got: null },
  },
  { ...base, id: 'http/c', title: 'is advised', level: 'should', outcome: 'failed', expected: 'x', got: 'y' },
  { ...base, id: 'http/d', title: 'is not tried', outcome: 'not-run', reason: 'needs hook wantWrite' },
];
const report = (results: readonly CaseResult[]): ConformanceReport => ({
  url: 'https://h:1',
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 1_000,
  results,
  isStoppedEarly: false,
});

describe('a report', () => {
  const text = formatReport(report(RESULTS), { verbose: false });

  it('tells people what failed, with clause and evidence, and counts what was not run', () => {
    expect(text).toContain('HTTP: 1 of 4 passed, 1 FAILED, 1 advised and not met, 1 not run');
    expect(text).toContain('FAILED   http/b - is <bad> [must: 1.2.4]');
    expect(text).toContain('expected  status 200');
    expect(text).toContain('1 x needs hook wantWrite');
    expect(text).not.toContain('http/a');
    expect(formatReport(report(RESULTS), { verbose: true })).toContain('http/a');
  });

  it('shows neither secrets nor what would upset a terminal', () => {
    for (const shown of [text, formatJson(report(RESULTS)), formatJunit(report(RESULTS))]) {
      expect(shown).not.toContain('hunter2');
      expect(shown).not.toContain('abc;');
      expect(shown).not.toContain('\u0007');
    }
  });

  it('is JSON for programs', () => {
    expect(JSON.parse(formatJson(report(RESULTS)))).toMatchObject({
      isConformant: false,
      totals: { cases: 4, passed: 1, failedMust: 1, failedShould: 1, notRun: 1 },
    });
  });

  it('is JUnit XML in which only what is demanded fails', () => {
    const xml = formatJunit(report(RESULTS));
    expect(XMLValidator.validate(xml)).toBe(true);
    expect(xml).toContain('tests="4" failures="1" skipped="2"');
    expect(xml).toContain('is &lt;bad&gt;');
  });
});

describe('isConformant', () => {
  const [passed, failed, advised, notRun] = RESULTS as [CaseResult, CaseResult, CaseResult, CaseResult];

  it('asks only for what is demanded', () => {
    expect(isConformant(report([passed, advised, notRun]))).toBe(true);
    expect(isConformant(report([passed, failed]))).toBe(false);
    expect(isConformant({ ...report([passed]), isStoppedEarly: true })).toBe(false);
  });
});

describe('maskSecrets', () => {
  it.each([
    ['Set-Cookie: JSESSIONID=4B1F; Path=/; Secure', 'Set-Cookie: JSESSIONID=***; Path=/; Secure'],
    [`<Item index="1" name='user-pwd'>1234</Item>`, `<Item index="1" name='user-pwd'>***</Item>`],
    ['<d:Item name="bootstrapping-tan">704</d:Item>', '<d:Item name="bootstrapping-tan">***</d:Item>'],
    ['<Item name="e164">4989</Item>', '<Item name="e164">4989</Item>'],
    [
      '<Item name="user-pwd"></Item><Item name="e164">1</Item>',
      '<Item name="user-pwd"></Item><Item name="e164">1</Item>',
    ],
  ])('%s', (text, masked) => expect(maskSecrets(text)).toBe(masked));
});
