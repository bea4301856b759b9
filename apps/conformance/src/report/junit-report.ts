import { create } from 'xmlbuilder2';
import type { CaseResult, ConformanceReport } from '../run/case-result.js';
import { maskSecrets } from './mask-secrets.js';

type Element = ReturnType<typeof create>;

/** The report for build servers. What is only advised and not met shows as skipped, so that it does not fail a build. */
export function formatJunit(report: ConformanceReport): string {
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', { name: `conformance ${report.url}` });
  for (const chapter of new Set(report.results.map((result) => result.chapter))) {
    const results = report.results.filter((result) => result.chapter === chapter);
    const suite = root.ele('testsuite', {
      name: chapter,
      tests: results.length,
      failures: results.filter(isFailure).length,
      skipped: results.filter(isSkipped).length,
      time: seconds(results.reduce((sum, { durationMs }) => sum + durationMs, 0)),
    });
    for (const result of results) addCase(suite, result);
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

const isFailure = ({ outcome, level }: CaseResult): boolean => outcome === 'failed' && level === 'must';
const isSkipped = (result: CaseResult): boolean => result.outcome !== 'passed' && !isFailure(result);

function addCase(suite: Element, result: CaseResult): void {
  const name = `${result.id}: ${result.title} [${result.clause}]`;
  const element = suite.ele('testcase', {
    classname: result.chapter,
    name: xmlText(name),
    time: seconds(result.durationMs),
  });
  const message = xmlText(`expected ${result.expected ?? ''}, got ${result.got ?? ''}`);
  if (result.outcome === 'not-run') element.ele('skipped', { message: xmlText(result.reason ?? '') });
  else if (isSkipped(result)) element.ele('skipped', { message: `advised and not met: ${message}` });
  else if (isFailure(result)) {
    const { sent, got } = result.exchange ?? {};
    const evidence = `last sent:\n${sent ?? 'nothing'}\n\nlast answer:\n${got ?? 'none'}`;
    element.ele('failure', { message }).txt(xmlText(maskSecrets(evidence)));
  }
}

function seconds(durationMs: number): string {
  return (durationMs / 1_000).toFixed(3);
}

// Evidence may hold anything; XML may not.
function xmlText(text: string): string {
  return text.replace(/[^\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD]/g, '\u00B7');
}
