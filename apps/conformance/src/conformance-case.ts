import type { Need } from './hooks/server-hooks.js';
import type { CaseRun } from './run/case-run.js';

/** What is demanded and what is only advised. A run fails when a `must` fails. */
export type Level = 'must' | 'should';

/** One thing that a server does, and the place that says so. */
export interface ConformanceCase {
  /** `<chapter>/<name>`, stable: people write it in scripts. */
  readonly id: string;
  /** The behaviour in words. */
  readonly title: string;
  readonly level: Level;
  /** Section of the protocol description and, where there is one, the page of the manual. */
  readonly clause: string;
  /** Hooks without which the server has nothing to do for the phone, and further addresses of it. */
  readonly needs: readonly Need[];
  /** Returns when the server did right, throws `CaseFailure` or `CaseNotRun` when not. */
  readonly run: (t: CaseRun) => Promise<void>;
}

/** Cases about one subject. */
export interface Chapter {
  readonly name: string;
  readonly title: string;
  /** Played when everything else is over, as a server may suffer from it. */
  readonly isLast?: boolean;
  readonly cases: readonly ConformanceCase[];
}

/** The server did something else than the clause says. */
export class CaseFailure extends Error {
  override readonly name = 'CaseFailure';

  constructor(
    readonly expected: string,
    readonly got: string,
    /** The server did not answer at all. */
    readonly isSilence = false,
  ) {
    super(`expected ${expected}, got ${got}`);
  }
}

/** The situation that the case is about could not be brought about. */
export class CaseNotRun extends Error {
  override readonly name = 'CaseNotRun';
}

type Run = ConformanceCase['run'];

/** A demanded behaviour. */
export function must(id: string, clause: string, title: string, run: Run, ...needs: Need[]): ConformanceCase {
  return { id, title, level: 'must', clause, needs, run };
}

/** An advised behaviour, or one on which sources disagree. */
export function should(id: string, clause: string, title: string, run: Run, ...needs: Need[]): ConformanceCase {
  return { id, title, level: 'should', clause, needs, run };
}

/** Fails the case unless the condition holds. */
export function check(condition: boolean, expected: string, got: string): asserts condition {
  if (!condition) throw new CaseFailure(expected, got);
}
