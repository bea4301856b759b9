/**
 * What a failed write means for the events in it:
 * - `unavailable`: the database cannot do it now; waiting helps, the events are not to blame.
 * - `conflict`: another writer was in between; trying again at once helps.
 * - `poison`: this content can never be written.
 */
export type RecordFailure = 'unavailable' | 'conflict' | 'poison';

/** SQLSTATE classes: 22 data exception, 54 program limit; 23502 and 23514 are violated checks. */
const POISON_STATE = /^(22...|54...|23502|23514)$/;
/** Serialization failure, deadlock, lock timeout; a row that another writer inserted or removed in between. */
const CONFLICT_STATE = /^(40...|55P03|23505|23503)$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** Defects of this program that a certain content brings out: the content must not stop everything behind it. */
const DEFECTS = [TypeError, RangeError, SyntaxError, ReferenceError];
const MAX_CAUSES = 5;

/** Classifies what a write threw. What is not recognised counts as `unavailable`: waiting loses nothing. */
export function classifyFailure(error: unknown): RecordFailure {
  const state = sqlStateOf(error);
  if (state === undefined) return DEFECTS.some((defect) => error instanceof defect) ? 'poison' : 'unavailable';
  if (POISON_STATE.test(state)) return 'poison';
  return CONFLICT_STATE.test(state) ? 'conflict' : 'unavailable';
}

/** The SQLSTATE of an error or of what caused it. */
function sqlStateOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > MAX_CAUSES) return undefined;
  const { code, cause, driverError }: { code?: unknown; cause?: unknown; driverError?: unknown } = error;
  // Socket errors have codes too; some, such as EPIPE, look like a SQLSTATE.
  if (typeof code === 'string' && SQLSTATE.test(code) && !/^E[A-Z]{4}$/.test(code)) return code;
  return sqlStateOf(driverError, depth + 1) ?? sqlStateOf(cause, depth + 1);
}
