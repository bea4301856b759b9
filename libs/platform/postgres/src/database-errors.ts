import { AppError, isErrorLike } from '@opendls/logging';

export type DatabaseErrorCode =
  'database-unavailable' | 'database-timeout' | 'database-conflict' | 'database-query-failed';

/** A statement or transaction failed for a reason that is no rule of the data. `retriable` says whether it may pass. */
export class DatabaseError extends AppError<DatabaseErrorCode> {}

export type ConstraintKind = 'unique' | 'reference' | 'check' | 'not-null' | 'exclusion';

/** A rule of the schema was broken. Stores turn it into the domain error it stands for, by the constraint's name. */
export class ConstraintViolation extends AppError<'constraint-violation'> {
  constructor(
    readonly kind: ConstraintKind,
    /** Name of the constraint; of a `not-null` violation, the column's. */
    readonly constraint: string,
    readonly table: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super('constraint-violation', `${kind} constraint ${constraint} of table ${table} is violated`, options);
  }
}

const CONSTRAINT_KINDS: ReadonlyMap<string, ConstraintKind> = new Map([
  ['23505', 'unique'],
  ['23503', 'reference'],
  ['23514', 'check'],
  ['23502', 'not-null'],
  ['23P01', 'exclusion'],
]);

/** Another attempt from the start is the documented answer to these: serialization failure, deadlock. */
const CONFLICTS = new Set(['40001', '40P01']);
const TIMEOUTS = new Set(['57014', '55P03', '25P03', '25P04']);
/**
 * Connection lost or refused, server shutting down or starting up, out of connections, memory or disk; a server that became
 * a standby and takes no writes (25006).
 */
const UNAVAILABLE = /^(08...|57P0[1-5]|53...|58...|25006|ECONN.*|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** pg's own errors have no code. */
const CONNECTION_MESSAGE =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed)/;

interface DriverError extends Error {
  readonly code?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;
}

/** The driver's error inside TypeORM's wrapping. */
function driverErrorOf(error: unknown): DriverError | undefined {
  if (!isErrorLike(error)) return undefined;
  const inner: unknown = 'driverError' in error ? error.driverError : error;
  return isErrorLike(inner) ? inner : undefined;
}

/** The broken rule, if that is what `error` is about. */
export function asConstraintViolation(error: unknown): ConstraintViolation | undefined {
  if (error instanceof ConstraintViolation) return error;
  const driverError = driverErrorOf(error);
  const kind = CONSTRAINT_KINDS.get(driverError?.code ?? '');
  if (!driverError || !kind) return undefined;
  const { constraint, column, table } = driverError;
  return new ConstraintViolation(kind, constraint ?? column ?? '?', table ?? '?', { cause: error });
}

/** Names what the database or the driver threw; everything else is returned as it is. */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const violation = asConstraintViolation(error);
  if (violation) return violation;
  const driverError = driverErrorOf(error);
  if (!driverError) return error;
  const code = driverError.code ?? '';
  if (CONFLICTS.has(code)) return failure('database-conflict', `it met another transaction (${code})`, true, error);
  if (TIMEOUTS.has(code)) return failure('database-timeout', `it took too long (${code})`, true, error);
  if (UNAVAILABLE.test(code) || CONNECTION_MESSAGE.test(driverError.message)) {
    return failure('database-unavailable', `no connection (${code || 'lost'})`, true, error);
  }
  if (/^[0-9A-Z]{5}$/.test(code)) return failure('database-query-failed', `SQLSTATE ${code}`, false, error);
  return error;
}

function failure(code: DatabaseErrorCode, reason: string, retriable: boolean, cause: unknown): DatabaseError {
  return new DatabaseError(code, `database: ${reason}`, { cause, retriable, logLevel: retriable ? 'warn' : 'error' });
}
