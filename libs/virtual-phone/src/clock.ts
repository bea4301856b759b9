import { setTimeout as delay } from 'node:timers/promises';

/** Time as a phone sees it; tests bring their own. */
export interface PhoneClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds from any fixed point, for measuring. */
  monotonicMs(): number;
  /** Resolves after the time, rejects when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: PhoneClock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
};
