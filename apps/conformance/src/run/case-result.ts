import type { Level } from '../conformance-case.js';
import type { LastExchange } from './exchange-log.js';

/** How one case ended. */
export interface CaseResult {
  readonly id: string;
  readonly chapter: string;
  readonly title: string;
  readonly level: Level;
  readonly clause: string;
  readonly outcome: 'passed' | 'failed' | 'not-run';
  readonly durationMs: number;
  /** Why it was not run. */
  readonly reason?: string;
  /** Only when it failed. */
  readonly expected?: string;
  readonly got?: string;
  readonly exchange?: LastExchange;
}

/** How a run ended. */
export interface ConformanceReport {
  readonly url: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly results: readonly CaseResult[];
  /** The server stopped answering, the rest was not run. */
  readonly isStoppedEarly: boolean;
}

/** How many of each. */
export interface Totals {
  readonly cases: number;
  readonly passed: number;
  readonly failedMust: number;
  readonly failedShould: number;
  readonly notRun: number;
}

/** Counts results. */
export function totalsOf(results: readonly CaseResult[]): Totals {
  const count = (holds: (result: CaseResult) => boolean): number => results.filter(holds).length;
  return {
    cases: results.length,
    passed: count(({ outcome }) => outcome === 'passed'),
    failedMust: count(({ outcome, level }) => outcome === 'failed' && level === 'must'),
    failedShould: count(({ outcome, level }) => outcome === 'failed' && level === 'should'),
    notRun: count(({ outcome }) => outcome === 'not-run'),
  };
}

/** Whether the server kept to everything that is demanded of it. */
export function isConformant(report: ConformanceReport): boolean {
  return !report.isStoppedEarly && totalsOf(report.results).failedMust === 0;
}
