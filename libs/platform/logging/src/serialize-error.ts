/** What of an error goes into the log. */
export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly stack?: string;
  readonly cause?: SerializedError | string;
  readonly errors?: readonly SerializedError[];
}

const MAX_CAUSES = 5;
const MAX_TEXT = 4_000;

/** Like `instanceof Error`, but also for errors of another realm. */
export function isErrorLike(value: unknown): value is Error {
  return (
    value instanceof Error ||
    (typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Error]')
  );
}

/**
 * Keeps an allow-list of fields of an error. Drivers attach the statement, its parameters and the offending row
 * (`query`, `parameters`, `detail`, `where`) to their errors: those are data of customers and never logged.
 */
export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!isErrorLike(error)) return { type: typeof error, message: 'a value that is no error was thrown' };
  const message = safeMessage(error.message, field(error, 'code'), error.name);
  const stack = typeof error.stack === 'string' ? error.stack.split(error.message).join(message) : undefined;
  const errors = field(error, 'errors');
  const inner = Array.isArray(errors) ? errors.filter(isErrorLike).slice(0, MAX_CAUSES) : [];
  return {
    type: error.name === 'Error' ? (error.constructor?.name ?? 'Error') : error.name,
    message,
    ...pick(error, ['code', 'table', 'column', 'constraint']),
    ...(stack === undefined ? {} : { stack: clip(stack) }),
    ...(inner.length > 0 && depth < MAX_CAUSES ? { errors: inner.map((each) => serializeError(each, depth + 1)) } : {}),
    ...(error.cause === undefined ? {} : { cause: causeOf(error.cause, depth) }),
  };
}

function causeOf(cause: unknown, depth: number): SerializedError | string {
  return depth < MAX_CAUSES ? serializeError(cause, depth + 1) : '[more causes]';
}

/** Messages that quote the input they could not use are cut before the quotation. */
function safeMessage(message: string, code: unknown, name: string): string {
  let text = message;
  // SQLSTATE class 22, "invalid input syntax for type uuid: "..."": the quotation is a column's value.
  if (typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code)) text = text.replace(/: ".*"$/s, '');
  // JSON.parse quotes the document: Unexpected token 'x', "..." is not valid JSON.
  if (name === 'SyntaxError' && text.includes('JSON')) text = text.replace(/, (\.\.\.)?".*$/s, '');
  text = text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi, '$1[redacted]@');
  return clip(text);
}

function field(error: Error, key: string): unknown {
  return Reflect.get(error, key);
}

function pick(error: Error, keys: readonly string[]): Record<string, string | number> {
  const picked: Record<string, string | number> = {};
  for (const key of keys) {
    const value = field(error, key);
    if (typeof value === 'string' || typeof value === 'number') picked[key] = value;
  }
  return picked;
}

function clip(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
}
