/** Where a phone's patience ends; everything it repeats is bounded. */
export interface PhoneLimits {
  /** Times one message is sent again because no answer came. */
  readonly maxRetries: number;
  /** Wait before it is sent again. */
  readonly retryDelayMs: { readonly min: number; readonly max: number };
  /** Overload answers within one interaction. */
  readonly maxOverloads: number;
  /** Answered messages within one interaction. */
  readonly maxExchanges: number;
  /** Interactions that follow one another by themselves (restarts, `send-solicited`). */
  readonly maxContactsInRow: number;
}

export const DEFAULT_PHONE_LIMITS: PhoneLimits = {
  maxRetries: 10,
  retryDelayMs: { min: 1000, max: 2000 },
  maxOverloads: 200,
  maxExchanges: 500,
  maxContactsInRow: 20,
};
