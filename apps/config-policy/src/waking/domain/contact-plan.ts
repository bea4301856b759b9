import type { ContactAttemptOutcome } from '@opendls/event-contracts';

/** What is remembered of waking a phone. Plain JSON. */
export interface WakingState {
  /** Requests since the phone's last contact. */
  readonly attempts: number;
  readonly lastRequestId: string | null;
  readonly lastRequestAt: string | null;
  readonly lastOutcome: ContactAttemptOutcome | null;
  /** The phone was told to come back by itself (`send-solicited`); null once it did. */
  readonly solicitedAt: string | null;
}

export const NOT_WOKEN: WakingState = Object.freeze({
  attempts: 0,
  lastRequestId: null,
  lastRequestAt: null,
  lastOutcome: null,
  solicitedAt: null,
});

export interface WakingLimits {
  /** false: phones are never asked; they come by themselves. */
  readonly contactPhones: boolean;
  /** Least time after a phone's last contact, unless it reports its own `dls-contact-interval`. */
  readonly contactGapMs: number;
}

/** What decides when a phone is asked to come. */
export interface ContactNeed {
  /** From when on work can be done; null: there is none. */
  readonly workFrom: Date | null;
  /** Somebody wants it done now. */
  readonly isUrgent: boolean;
  readonly contactMeUri: string | null;
  /** Value of item `dcmp-url`: the phone polls, because it cannot be reached (PROTOCOL 8.2). */
  readonly dcmpUrl: string | null;
  /** Value of item `dls-contact-interval`, in seconds. */
  readonly contactInterval: string | null;
  readonly lastContactAt: Date | null;
}

/** More often than once a minute is likely to crash a phone (PROTOCOL 8.1). */
export const MIN_REQUEST_GAP_MS = 60_000;
/** A request that no gateway took in this time is not carried out any more. */
export const REQUEST_TTL_MS = 60_000;
/** How long a phone is waited for that was told to come back by itself: a long call. */
const SOLICITED_WAIT_MS = 15 * 60_000;
const MAX_BACK_OFF_MS = 3_600_000;
const MAX_CONTACT_INTERVAL_S = 86_400;
export const MAX_URI_LENGTH = 255;

/** When the phone is asked next; null: it is not. */
export function nextContactAt(need: ContactNeed, waking: WakingState, limits: WakingLimits, now: Date): Date | null {
  const { workFrom, isUrgent, contactMeUri, dcmpUrl, lastContactAt } = need;
  if (!limits.contactPhones || workFrom === null || !isUsable(contactMeUri) || !isEmpty(dcmpUrl)) return null;
  const gapMs = contactGap(need.contactInterval, limits.contactGapMs);
  const gapEnd = lastContactAt === null ? 0 : lastContactAt.getTime() + gapMs;
  const times = [workFrom.getTime(), afterRequest(waking, gapMs)];
  // Urgent work does not wait for the gap, once: a phone that ignores the request is asked again only after it.
  if (!isUrgent || waking.attempts > 0) {
    times.push(gapEnd);
    if (waking.solicitedAt !== null) times.push(Date.parse(waking.solicitedAt) + SOLICITED_WAIT_MS);
  }
  return new Date(Math.max(now.getTime(), ...times));
}

/** The phone came: what was tried before does not count any more. The time of the last request still does. */
export function phoneCame(waking: WakingState): WakingState {
  return waking.attempts === 0 && waking.solicitedAt === null ? waking : { ...waking, attempts: 0, solicitedAt: null };
}

export function requestSent(waking: WakingState, requestId: string, now: Date): WakingState {
  return {
    ...waking,
    attempts: waking.attempts + 1,
    lastRequestId: requestId,
    lastRequestAt: now.toISOString(),
    lastOutcome: null,
  };
}

/** What a gateway tells of the newest request; of older ones nothing is of interest any more. */
export function requestAnswered(waking: WakingState, requestId: string, outcome: ContactAttemptOutcome): WakingState {
  return waking.lastRequestId === requestId ? { ...waking, lastOutcome: outcome } : waking;
}

/** Earliest time of another request after the last one. */
function afterRequest({ attempts, lastRequestAt, lastOutcome }: WakingState, gapMs: number): number {
  if (lastRequestAt === null) return 0;
  const last = Date.parse(lastRequestAt);
  if (attempts === 0) return last + MIN_REQUEST_GAP_MS;
  return last + Math.max(MIN_REQUEST_GAP_MS, pauseAfter(lastOutcome, attempts, gapMs));
}

function pauseAfter(outcome: ContactAttemptOutcome | null, attempts: number, gapMs: number): number {
  switch (outcome) {
    // 204 is no promise: within its contact gap a phone does not come, so it is asked after another one (PROTOCOL 8.1).
    case 'accepted':
      return backOff(gapMs, attempts);
    case 'unreachable':
    case 'timeout':
    case 'unexpected-status':
      return backOff(MIN_REQUEST_GAP_MS, attempts);
    // Neither the address nor the networks change by asking again.
    case 'not-allowed':
      return MAX_BACK_OFF_MS;
    case 'too-soon':
    case 'expired':
      return MIN_REQUEST_GAP_MS;
    case null:
      return REQUEST_TTL_MS + MIN_REQUEST_GAP_MS;
  }
}

function backOff(firstMs: number, attempts: number): number {
  return Math.min(
    Math.max(firstMs, MIN_REQUEST_GAP_MS) * 2 ** Math.min(attempts - 1, 10),
    Math.max(firstMs, MAX_BACK_OFF_MS),
  );
}

function contactGap(interval: string | null, defaultMs: number): number {
  const seconds = interval !== null && /^\d{1,6}$/.test(interval.trim()) ? Number(interval) : undefined;
  return seconds === undefined ? defaultMs : Math.min(seconds, MAX_CONTACT_INTERVAL_S) * 1_000;
}

/** Phones do not have longer ones (PROTOCOL 3.3); nor could a request carry it. */
function isUsable(uri: string | null): boolean {
  return !isEmpty(uri) && (uri ?? '').length <= MAX_URI_LENGTH;
}

function isEmpty(text: string | null): boolean {
  return text === null || text.trim() === '';
}
