import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 500;

/** Repeats an action through failures that pass; throws the first that does not, or when the signal is aborted. */
export async function untilItWorks<T>(
  action: () => Promise<T>,
  options: {
    readonly signal: AbortSignal;
    readonly isPassing: (error: unknown) => boolean;
    readonly onFirstFailure: (error: unknown) => void;
  },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (options.signal.aborted || !options.isPassing(error)) throw error;
      if (attempt === 1) options.onFirstFailure(error);
      await delay(PAUSE_MS, undefined, { signal: options.signal });
    }
  }
}

/** Waits for something, but not longer than this. */
export async function atMost(deadlineMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
