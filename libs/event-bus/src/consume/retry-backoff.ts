/** Waits between the retries of one record: doubling, bounded. */
export interface RetryBackoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export const DEFAULT_RETRY_BACKOFF: RetryBackoff = { firstMs: 100, maxMs: 10_000 };

/** The wait before retry number `attempt` (from 1). */
export function backoffMs(backoff: RetryBackoff, attempt: number): number {
  // Beyond 2^20 the bound holds anyway, and an endless retry must not end in Infinity.
  return Math.min(backoff.firstMs * 2 ** Math.min(attempt - 1, 20), backoff.maxMs);
}
