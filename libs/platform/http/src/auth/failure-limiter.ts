/** How many failures an address may have. */
export interface FailureLimits {
  /** Failures at once. */
  readonly burst: number;
  /** Failures forgotten per second. */
  readonly perSecond: number;
  /** Addresses remembered; the one that failed longest ago is forgotten first. */
  readonly maxAddresses: number;
}

/** Ten failures at once, then one every two seconds. */
export const DEFAULT_FAILURE_LIMITS: FailureLimits = { burst: 10, perSecond: 0.5, maxAddresses: 10_000 };

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/**
 * Counts failed authentications per address in token buckets, in bounded memory. It only changes what failures are
 * answered: a valid key is never refused because somebody else behind the same address guesses.
 */
export class FailureLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly limits: FailureLimits = DEFAULT_FAILURE_LIMITS,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Records a failure. False when the address has had too many. */
  allowsFailure(address: string): boolean {
    const now = this.nowMs();
    const { burst, perSecond, maxAddresses } = this.limits;
    const bucket = this.buckets.get(address) ?? { tokens: burst, atMs: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1_000) * perSecond);
    // Deleted first, so that the map stays ordered by the last failure.
    this.buckets.delete(address);
    this.buckets.set(address, { tokens: Math.max(0, tokens - 1), atMs: now });
    const oldest = this.buckets.keys().next();
    if (this.buckets.size > maxAddresses && oldest.done !== true) this.buckets.delete(oldest.value);
    return tokens >= 1;
  }
}
