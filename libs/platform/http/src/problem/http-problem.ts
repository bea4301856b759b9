/** One row of a table error code -> HTTP response. */
export interface ProblemEntry {
  readonly status: number;
  /** Constant text for people; what is special about one case goes into `detail`. */
  readonly title: string;
}

/** What an edge answers for each error code of a feature. Exhaustive: `Code` is the feature's closed union. */
export type ProblemTable<Code extends string = string> = Readonly<Record<Code, ProblemEntry>>;

/** One thing wrong with the input: where, and what is expected there. Never the value itself. */
export interface ProblemIssue {
  readonly path: string;
  readonly message: string;
}

/** What may be said about one case of a problem. */
export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: readonly ProblemIssue[];
  /** Further members of the problem body. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The answer to a request that failed, thrown at the HTTP edge only. */
export class HttpProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly options: ProblemOptions = {},
  ) {
    super(`${status} ${code}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HttpProblem';
  }
}

/**
 * The problem for a code of a feature's table.
 * @example throw problem(POLICY_PROBLEMS, 'policy-not-found', { detail: 'There is no policy with this name.' });
 */
export function problem<Code extends string>(
  table: ProblemTable<Code>,
  code: Code,
  options: ProblemOptions = {},
): HttpProblem {
  const { status, title } = table[code];
  return new HttpProblem(status, code, title, options);
}
