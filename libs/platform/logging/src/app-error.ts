/** How loudly an error is logged where it ends: error = someone must act, warn = degraded, info/debug = expected. */
export type ErrorLogLevel = 'error' | 'warn' | 'info' | 'debug';

/** What an `AppError` carries besides its text. */
export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Whether the same attempt may succeed later without anything being changed. */
  readonly retriable?: boolean;
  readonly logLevel?: ErrorLogLevel;
}

/**
 * Base of the errors a feature throws. Each feature narrows `Code` to its own closed union; each edge translates the
 * code in one table. The message is for the log: it holds no secret and no text that came from outside.
 */
export class AppError<Code extends string = string> extends Error {
  readonly retriable: boolean;
  readonly logLevel: ErrorLogLevel;

  constructor(
    readonly code: Code,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.retriable = options.retriable ?? false;
    this.logLevel = options.logLevel ?? 'error';
  }
}
