import type { OverloadCause } from '../metrics.js';

const SAMPLE_MS = 100;

export interface AdmissionLimits {
  readonly maxConcurrentMessages: number;
  readonly maxEventLoopDelayMs: number;
}

/**
 * Decides whether a message is taken on. Above its capacity the gateway answers `overload` at once: phones repeat, and the
 * ones it took on are answered in time.
 */
export class Admission {
  private count = 0;
  private delayMs = 0;
  private readonly timer: NodeJS.Timeout;
  private expectedAtMs: number;
  private isClosing = false;

  constructor(
    private readonly limits: AdmissionLimits,
    private readonly nowMs: () => number,
  ) {
    this.expectedAtMs = nowMs() + SAMPLE_MS;
    this.timer = setInterval(() => this.sample(), SAMPLE_MS);
    this.timer.unref();
  }

  /** Messages being worked on. */
  get inFlight(): number {
    return this.count;
  }

  /** Why the next message is not taken on, if so. */
  refusal(): OverloadCause | undefined {
    if (this.isClosing) return 'closing';
    if (this.count >= this.limits.maxConcurrentMessages) return 'admission';
    return this.delayMs > this.limits.maxEventLoopDelayMs ? 'event-loop' : undefined;
  }

  enter(): void {
    this.count++;
  }

  leave(): void {
    this.count--;
  }

  /** From now on nothing is taken on. */
  close(): void {
    this.isClosing = true;
    clearInterval(this.timer);
  }

  /** A timer that fires late shows how long everything else waits. */
  private sample(): void {
    const nowMs = this.nowMs();
    this.delayMs = Math.max(0, nowMs - this.expectedAtMs);
    this.expectedAtMs = nowMs + SAMPLE_MS;
  }
}
