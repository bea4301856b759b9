import { isConformant, totalsOf, type ConformanceReport } from '../run/case-result.js';
import { maskSecrets } from './mask-secrets.js';

/** The report for programs. */
export function formatJson(report: ConformanceReport): string {
  const masked = (text: string | null): string | null => (text === null ? null : maskSecrets(text));
  const results = report.results.map(({ exchange, ...result }) =>
    exchange === undefined
      ? result
      : { ...result, exchange: { sent: masked(exchange.sent), got: masked(exchange.got) } },
  );
  return `${JSON.stringify({ ...report, isConformant: isConformant(report), totals: totalsOf(report.results), results }, null, 2)}\n`;
}
