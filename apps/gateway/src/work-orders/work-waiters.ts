import type { Work } from './order-of-event.js';

/** Node keeps a list per length of timers, in a heap of lists: of lengths in steps there are few. */
const TIMER_STEP_MS = 50;

/** One question for work that is not answered yet. */
export interface WorkWaiter {
  /** The answer, or undefined when it did not come in time. */
  wait(timeoutMs: number): Promise<Work | undefined>;
  /** Nobody is interested any more. */
  cancel(): void;
}

/** Brings answers from the work-order stream to those who asked, by the id of the asking event. */
export class WorkWaiters {
  private readonly waiting = new Map<string, (work: Work) => void>();

  get size(): number {
    return this.waiting.size;
  }

  /** Begins to wait; call it before the question is published, as the answer may overtake the acknowledgement. */
  expect(askingId: string): WorkWaiter {
    let resolve: (work: Work | undefined) => void = () => undefined;
    const arrived = new Promise<Work | undefined>((done) => (resolve = done));
    this.waiting.set(askingId, resolve);
    return {
      wait: async (timeoutMs) => {
        const waitMs = Math.max(0, Math.floor(timeoutMs / TIMER_STEP_MS) * TIMER_STEP_MS);
        const timer = setTimeout(() => resolve(undefined), waitMs);
        try {
          return await arrived;
        } finally {
          clearTimeout(timer);
          this.waiting.delete(askingId);
        }
      },
      cancel: () => {
        this.waiting.delete(askingId);
        resolve(undefined);
      },
    };
  }

  /** False when nobody waits for this answer (any more). */
  answer(askingId: string, work: Work): boolean {
    const resolve = this.waiting.get(askingId);
    if (resolve === undefined) return false;
    this.waiting.delete(askingId);
    resolve(work);
    return true;
  }
}
