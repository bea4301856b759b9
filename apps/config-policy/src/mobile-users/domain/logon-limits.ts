/** Wrong passwords so far; kept per user and per phone. */
export interface FailedLogons {
  readonly count: number;
  readonly lastAt: Date | null;
  /** No password is looked at before. */
  readonly lockedUntil: Date | null;
}

export interface LogonLimits {
  /** Wrong passwords that are free. */
  readonly free: number;
  /** Time out after the first that is not; it doubles with each further one. */
  readonly lockMs: number;
  readonly maxLockMs: number;
  /** Wrong passwords are forgotten after this long without one. */
  readonly forgetAfterMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Ten guesses, then one each 15, 30, 60 ... minutes, at most one a day: a 6-digit PIN lasts for lifetimes. */
export const USER_LIMITS: LogonLimits = {
  free: 9,
  lockMs: 15 * MINUTE_MS,
  maxLockMs: DAY_MS,
  forgetAfterMs: 7 * DAY_MS,
};
/** Many people share a phone: it is stopped earlier and let go sooner. */
export const PHONE_LIMITS: LogonLimits = {
  free: 4,
  lockMs: 2 * MINUTE_MS,
  maxLockMs: 60 * MINUTE_MS,
  forgetAfterMs: DAY_MS,
};

export const NO_FAILURES: FailedLogons = { count: 0, lastAt: null, lockedUntil: null };

export function isLocked({ lockedUntil }: FailedLogons, now: Date): boolean {
  return lockedUntil !== null && lockedUntil > now;
}

/** One more wrong password. */
export function afterFailure(known: FailedLogons, now: Date, limits: LogonLimits): FailedLogons {
  const isForgotten = known.lastAt === null || now.getTime() - known.lastAt.getTime() > limits.forgetAfterMs;
  const count = isForgotten ? 1 : known.count + 1;
  const beyond = count - limits.free - 1;
  if (beyond < 0) return { count, lastAt: now, lockedUntil: null };
  const lockMs = Math.min(limits.lockMs * 2 ** Math.min(beyond, 20), limits.maxLockMs);
  return { count, lastAt: now, lockedUntil: new Date(now.getTime() + lockMs) };
}
