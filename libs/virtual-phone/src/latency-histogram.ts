/** Each bucket is this much wider than the one before: percentiles are right to 2 %. */
const GROWTH = 1.02;
const LOG_GROWTH = Math.log(GROWTH);
const SMALLEST_MS = 0.01;
/** Up to about ten minutes. */
const BUCKETS = 920;

export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Durations in constant memory, however many there are. */
export class LatencyHistogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  add(ms: number): void {
    const bucket = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log(ms / SMALLEST_MS) / LOG_GROWTH);
    const index = Math.min(bucket, BUCKETS - 1);
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    this.#count++;
    this.#sumMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** The duration that a share (0 to 1) of all durations does not exceed; 0 when there are none. */
  percentile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.#count * share));
    let seen = 0;
    for (const [index, count] of this.#buckets.entries()) {
      seen += count;
      if (seen >= wanted) return Math.min(SMALLEST_MS * GROWTH ** index, this.#maxMs);
    }
    return 0;
  }

  summary(): LatencySummary {
    const rounded = (ms: number): number => Math.round(ms * 100) / 100;
    return {
      count: this.#count,
      meanMs: rounded(this.#count === 0 ? 0 : this.#sumMs / this.#count),
      p50Ms: rounded(this.percentile(0.5)),
      p95Ms: rounded(this.percentile(0.95)),
      p99Ms: rounded(this.percentile(0.99)),
      maxMs: rounded(this.#maxMs),
    };
  }
}
