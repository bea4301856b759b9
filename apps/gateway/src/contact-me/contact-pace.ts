/**
 * Remembers who was asked when. A phone that is asked twice within a second loses its web server, and more often than about
 * once a minute it crashes (PROTOCOL 8.1). Bounded: what is over the interval is forgotten.
 */
export class ContactPace {
  /** In order of time, as every entry is written anew. */
  private readonly askedAtMs = new Map<string, number>();

  constructor(
    private readonly minIntervalMs: number,
    private readonly maxEntries: number,
  ) {}

  get size(): number {
    return this.askedAtMs.size;
  }

  /** Whether it may be asked now; if so it counts as asked from now on. */
  tryBegin(key: string, nowMs: number): boolean {
    this.forgetOld(nowMs);
    if (this.askedAtMs.has(key)) return false;
    // Nothing is forgotten before its time: rather is a phone asked late than two times.
    if (this.askedAtMs.size >= this.maxEntries) return false;
    this.askedAtMs.set(key, nowMs);
    return true;
  }

  /** The time that counts: the one at which it was really asked. */
  restart(key: string, nowMs: number): void {
    this.askedAtMs.delete(key);
    this.askedAtMs.set(key, nowMs);
  }

  /** It was not asked after all. */
  cancel(key: string): void {
    this.askedAtMs.delete(key);
  }

  private forgetOld(nowMs: number): void {
    for (const [key, askedAtMs] of this.askedAtMs) {
      if (nowMs - askedAtMs < this.minIntervalMs) return;
      this.askedAtMs.delete(key);
    }
  }
}
