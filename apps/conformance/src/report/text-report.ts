import { CHAPTERS } from '../chapters/index.js';
import type { Chapter } from '../conformance-case.js';
import { totalsOf, type CaseResult, type ConformanceReport } from '../run/case-result.js';
import { maskSecrets } from './mask-secrets.js';

const SHOWN_CHARACTERS = 1_500;
const INDENT = ' '.repeat(6);

/** The report for a person: chapter by chapter, with evidence for what failed. */
export function formatReport(report: ConformanceReport, options: { readonly verbose: boolean }): string {
  const chapters = [...new Set(report.results.map(({ chapter }) => chapter))];
  const sections = chapters.map((name) =>
    formatChapter(
      name,
      report.results.filter(({ chapter }) => chapter === name),
      options.verbose,
    ),
  );
  return [`Conformance of ${report.url}\n`, ...sections, formatNotRun(report.results), formatSummary(report)].join(
    '\n',
  );
}

/** What `--list` shows. */
export function formatList(chapters: readonly Chapter[]): string {
  const cases = chapters.flatMap((chapter) => chapter.cases);
  const width = Math.max(...cases.map(({ id }) => id.length));
  const sections = chapters.map((chapter) => {
    const lines = chapter.cases.map(({ id, level, clause, title, needs }) => {
      const hooks = needs.length === 0 ? '' : ` (needs ${needs.join(', ')})`;
      return `  ${id.padEnd(width)}  ${level.padEnd(6)}  ${title} [${clause}]${hooks}`;
    });
    return `${chapter.title} (${chapter.cases.length})\n${lines.join('\n')}\n`;
  });
  const hooked = cases.filter(({ needs }) => needs.length > 0).length;
  return `${sections.join('\n')}\n${cases.length} cases, ${hooked} of them need a hook or another address\n`;
}

function formatChapter(name: string, results: readonly CaseResult[], verbose: boolean): string {
  const totals = totalsOf(results);
  const title = CHAPTERS.find((chapter) => chapter.name === name)?.title ?? name;
  const counts = [
    `${totals.passed} of ${totals.cases} passed`,
    ...(totals.failedMust > 0 ? [`${totals.failedMust} FAILED`] : []),
    ...(totals.failedShould > 0 ? [`${totals.failedShould} advised and not met`] : []),
    ...(totals.notRun > 0 ? [`${totals.notRun} not run`] : []),
  ];
  const shown = results.filter(({ outcome }) => outcome === 'failed' || verbose);
  return [`${title}: ${counts.join(', ')}`, ...shown.map(formatResult)].join('\n');
}

function formatResult(result: CaseResult): string {
  const { outcome, level } = result;
  const word =
    outcome === 'failed' ? (level === 'must' ? 'FAILED ' : 'not met') : outcome === 'passed' ? 'ok     ' : 'not run';
  const line = `  ${word}  ${result.id} - ${result.title} [${level}: ${result.clause}]`;
  if (outcome !== 'failed') return outcome === 'passed' ? line : `${line}\n${INDENT}${result.reason ?? ''}`;
  const { exchange } = result;
  return [
    line,
    `${INDENT}expected  ${result.expected ?? ''}`,
    `${INDENT}got       ${result.got ?? ''}`,
    ...(exchange?.sent == null ? [] : [`${INDENT}last sent`, indented(exchange.sent)]),
    ...(exchange?.got == null ? [] : [`${INDENT}last answer`, indented(exchange.got)]),
  ].join('\n');
}

function formatNotRun(results: readonly CaseResult[]): string {
  const reasons = new Map<string, number>();
  for (const { outcome, reason = '' } of results)
    if (outcome === 'not-run') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  if (reasons.size === 0) return '';
  return ['Not run:', ...[...reasons].map(([reason, count]) => `  ${count} x ${reason}`), ''].join('\n');
}

function formatSummary(report: ConformanceReport): string {
  const { cases, passed, failedMust, failedShould, notRun } = totalsOf(report.results);
  const seconds = (report.durationMs / 1_000).toFixed(1);
  const verdict = report.isStoppedEarly
    ? 'The server stopped answering.'
    : failedMust === 0
      ? 'Nothing that is demanded has failed.'
      : `${failedMust} of what is demanded failed.`;
  return (
    `${cases} cases in ${seconds} s: ${passed} passed, ${failedMust} failed, ` +
    `${failedShould} advised and not met, ${notRun} not run. ${verdict}\n`
  );
}

function indented(text: string): string {
  const masked = maskSecrets(text);
  const cut = masked.length <= SHOWN_CHARACTERS ? masked : `${masked.slice(0, SHOWN_CHARACTERS)}...`;
  return cut
    .split(/\r?\n/)
    .map((line) => `${INDENT}| ${printable(line)}`)
    .join('\n');
}

function printable(line: string): string {
  return line.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '\u00B7');
}
