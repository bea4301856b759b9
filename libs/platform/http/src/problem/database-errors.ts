/** Socket errors, and SQLSTATEs of class 08 (connection), 53 (resources), 57P0x (server shuts down or starts). */
const UNAVAILABLE_CODE =
  /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08...|53...|57P0[1-5])$/;
/** pg and TypeORM report these without a code. */
const UNAVAILABLE_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|connection is not established|Cannot use a pool after calling end/i;
const MAX_CAUSES = 5;

/** Whether an error, or what caused it, says that the database cannot be reached at the moment. */
export function isDatabaseUnavailable(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > MAX_CAUSES) return false;
  const {
    code,
    message,
    cause,
    driverError,
  }: { code?: unknown; message?: unknown; cause?: unknown; driverError?: unknown } = error;
  return (
    (typeof code === 'string' && UNAVAILABLE_CODE.test(code)) ||
    (typeof message === 'string' && UNAVAILABLE_MESSAGE.test(message)) ||
    isDatabaseUnavailable(driverError, depth + 1) ||
    isDatabaseUnavailable(cause, depth + 1)
  );
}
