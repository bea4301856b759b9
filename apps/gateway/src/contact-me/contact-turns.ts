import { setTimeout } from 'node:timers/promises';

export interface TurnLimits {
  readonly perSecond: number;
  readonly maxConcurrent: number;
}

const BURST_SECONDS = 0.2;

/** Hands out turns: so many per second, so many at once, first come first served. */
export class ContactTurns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  /** When the bucket of tokens will be full again; one token is `gapMs`. */
  private fullAtMs = 0;
  private readonly gapMs: number;
  private readonly burstMs: number;

  constructor(
    private readonly limits: TurnLimits,
    private readonly nowMs: () => number,
  ) {
    this.gapMs = 1_000 / limits.perSecond;
    this.burstMs = Math.max(0, BURST_SECONDS * 1_000 - this.gapMs);
  }

  get inUse(): number {
    return this.running;
  }

  /**
   * Waits for a turn and does the work in it.
   * @returns undefined when there was none in time, or the signal came first: the work was not begun.
   */
  async take<Result>(untilMs: number, signal: AbortSignal, work: () => Promise<Result>): Promise<Result | undefined> {
    if (!(await this.slot(untilMs, signal))) return undefined;
    try {
      const waitMs = this.reserve(untilMs);
      if (waitMs === undefined) return undefined;
      if (waitMs > 0) await setTimeout(waitMs, undefined, { signal }).catch(() => undefined);
      return signal.aborted ? undefined : await work();
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }

  private async slot(untilMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.running < this.limits.maxConcurrent) {
      this.running++;
      return true;
    }
    const leave = new AbortController();
    const turn = new Promise<boolean>((resolve) => {
      const next = (): void => {
        this.running++;
        resolve(true);
      };
      const giveUp = (): void => {
        const at = this.waiting.indexOf(next);
        if (at === -1) return;
        this.waiting.splice(at, 1);
        resolve(false);
      };
      this.waiting.push(next);
      signal.addEventListener('abort', giveUp, { signal: leave.signal });
      const waitMs = Math.max(0, untilMs - this.nowMs());
      setTimeout(waitMs, undefined, { signal: leave.signal }).then(giveUp, () => undefined);
    });
    const isMine = await turn;
    leave.abort();
    return isMine;
  }

  /** Milliseconds until the next token, which is then taken; undefined when that is too late. */
  private reserve(untilMs: number): number | undefined {
    const nowMs = this.nowMs();
    const fullAtMs = Math.max(this.fullAtMs, nowMs);
    const waitMs = Math.max(0, fullAtMs - this.burstMs - nowMs);
    if (nowMs + waitMs >= untilMs) return undefined;
    this.fullAtMs = fullAtMs + this.gapMs;
    return waitMs;
  }
}
