const INTERVAL_MS = 1_000;

/** Lets one line per second through: while the bus is down every phone would write one. */
export class LogLimiter {
  private writtenAtMs = Number.NEGATIVE_INFINITY;
  private skipped = 0;

  constructor(private readonly nowMs: () => number) {}

  /** Calls `log` with the number of lines left out since the last one, or leaves this one out. */
  write(log: (skipped: number) => void): void {
    const nowMs = this.nowMs();
    if (nowMs - this.writtenAtMs < INTERVAL_MS) {
      this.skipped++;
      return;
    }
    this.writtenAtMs = nowMs;
    log(this.skipped);
    this.skipped = 0;
  }
}
