import type { FleetSummary, LatencySummary } from '@opendls/virtual-phone';

/** What a run was, together with its numbers. */
export interface SimulationReport extends FleetSummary {
  readonly url: string;
  readonly scenario: string;
  readonly seed: number;
  readonly isInterrupted: boolean;
}

/** The report for people. */
export function formatReport(report: SimulationReport): string {
  const { phones, contacts } = report;
  const rows: readonly (readonly [string, string])[] = [
    [
      'phones',
      `${phones.succeeded} succeeded, ${phones.failed} failed${phones.unfinished > 0 ? `, ${phones.unfinished} unfinished` : ''}`,
    ],
    ['boots', String(report.boots)],
    ['contacts', `${contacts.completed} completed, ${contacts.failed} failed${counts(contacts.byReason)}`],
    ['answers', `${report.answers}${counts(report.actions)}`],
    ['items', `${report.itemsWritten} written, ${report.itemsRefused} refused`],
    ['overload', `${report.overloads} answers`],
    ['retries', `${report.retries} messages sent again because no answer came`],
  ];
  const title = `${phones.total} phones, scenario ${report.scenario}, ${seconds(report.durationMs)}, seed ${report.seed}`;
  return [
    report.isInterrupted ? `${title} (interrupted)` : title,
    ...rows.map(([name, text]) => `  ${name.padEnd(10)}${text}`),
    '',
    `  ${''.padEnd(18)}${['count', 'p50', 'p95', 'p99', 'max'].map((head) => head.padStart(11)).join('')}`,
    latencyRow('answer time', report.answerLatency),
    latencyRow('contact duration', report.contactDuration),
    '',
    ...formatFailures(report),
    '',
  ].join('\n');
}

function formatFailures({ failures, failureExamples }: SimulationReport): string[] {
  if (Object.keys(failures).length === 0) return ['  no failures'];
  return [
    '  failures',
    ...Object.entries(failures).map(([kind, count]) => `    ${kind}: ${count}`),
    ...failureExamples.map(({ macAddress, kind, message }) => `    e.g. ${macAddress} ${kind}: ${message}`),
  ];
}

function latencyRow(name: string, { count, p50Ms, p95Ms, p99Ms, maxMs }: LatencySummary): string {
  const cells = [String(count), ...[p50Ms, p95Ms, p99Ms, maxMs].map(duration)];
  return `  ${name.padEnd(18)}${cells.map((cell) => cell.padStart(11)).join('')}`;
}

function counts(byName: Readonly<Record<string, number>>): string {
  const parts = Object.entries(byName).map(([name, count]) => `${name} ${count}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(1)} ms` : seconds(ms);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
