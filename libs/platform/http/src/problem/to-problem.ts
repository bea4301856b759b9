import { STATUS_CODES } from 'node:http';
import { isDatabaseUnavailable } from './database-errors.js';
import { HttpProblem, problem, type ProblemTable } from './http-problem.js';
import { HTTP_PROBLEMS, type HttpErrorCode } from './http-problems.js';

/** Fastify's own errors by code; others of its 4xx errors fall back to their status. */
const FASTIFY_CODES: ReadonlyMap<string, HttpErrorCode> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'body-too-large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'unsupported-media-type'],
  ['FST_ERR_CTP_EMPTY_TYPE', 'unsupported-media-type'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'malformed-body'],
  ['FST_ERR_BAD_URL', 'malformed-url'],
  ['FST_ERR_MAX_PARAM_LENGTH', 'malformed-url'],
  ['FST_ERR_HANDLER_TIMEOUT', 'handler-timeout'],
]);

const STATUS_FALLBACK: ReadonlyMap<number, HttpErrorCode> = new Map([
  [400, 'bad-request'],
  [401, 'api-key-invalid'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [405, 'method-not-allowed'],
  [408, 'request-timeout'],
  [409, 'conflict'],
  [413, 'body-too-large'],
  [415, 'unsupported-media-type'],
  [503, 'temporarily-unavailable'],
]);

/**
 * Turns whatever was thrown into the answer for it. `tables` holds the codes of the services behind this server; an error
 * that nobody foresaw becomes a 500 that says nothing about its inside.
 */
export function toProblem(error: unknown, tables: ProblemTable = {}): HttpProblem {
  if (error instanceof HttpProblem) return error;
  // Nest wraps Fastify's errors; the code is on the inside.
  if (isHttpException(error) && describe(error.cause).code?.startsWith('FST_ERR_') === true) {
    return toProblem(error.cause, tables);
  }
  const { code, status } = describe(error);
  if (code !== undefined && Object.hasOwn(tables, code)) return problem(tables, code, { cause: error });
  const fastifyCode = FASTIFY_CODES.get(code ?? '');
  if (fastifyCode !== undefined) return problem(HTTP_PROBLEMS, fastifyCode, { cause: error });
  if (isDatabaseUnavailable(error)) {
    return problem(HTTP_PROBLEMS, 'database-unavailable', { headers: { 'retry-after': '5' }, cause: error });
  }
  if (isHttpException(error)) return problemOfStatus(error.getStatus(), error.message, error);
  if (code?.startsWith('FST_ERR_') === true && status !== undefined && status < 500) {
    return problemOfStatus(status, undefined, error);
  }
  if (isRetriable(error)) {
    return problem(HTTP_PROBLEMS, 'temporarily-unavailable', { headers: { 'retry-after': '5' }, cause: error });
  }
  return problem(HTTP_PROBLEMS, 'internal-error', { cause: error });
}

function problemOfStatus(status: number, detail: string | undefined, cause: unknown): HttpProblem {
  const code = STATUS_FALLBACK.get(status);
  if (code !== undefined) return problem(HTTP_PROBLEMS, code, { detail, cause });
  if (status >= 500) return problem(HTTP_PROBLEMS, 'internal-error', { cause });
  return new HttpProblem(status, 'request-rejected', STATUS_CODES[status] ?? 'The request was rejected', { cause });
}

/** Nest's, known by its form: servers without Nest answer problems too, and must not load it for this question. */
interface NestHttpException extends Error {
  getStatus(): number;
  getResponse(): unknown;
}

function isHttpException(error: unknown): error is NestHttpException {
  return (
    error instanceof Error &&
    'getStatus' in error &&
    typeof error.getStatus === 'function' &&
    'getResponse' in error &&
    typeof error.getResponse === 'function'
  );
}

function describe(error: unknown): { code?: string; status?: number } {
  if (typeof error !== 'object' || error === null) return {};
  return {
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    status: 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined,
  };
}

function isRetriable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'retriable' in error && error.retriable === true;
}
