import type { ProblemTable } from './http-problem.js';

/** Errors of the HTTP edge itself; services add tables of their own. */
export type HttpErrorCode =
  | 'api-key-missing'
  | 'api-key-invalid'
  | 'api-key-expired'
  | 'api-key-revoked'
  | 'too-many-failures'
  | 'forbidden'
  | 'bad-request'
  | 'malformed-url'
  | 'malformed-body'
  | 'body-missing'
  | 'validation-failed'
  | 'cursor-invalid'
  | 'not-found'
  | 'method-not-allowed'
  | 'request-timeout'
  | 'conflict'
  | 'body-too-large'
  | 'unsupported-media-type'
  | 'headers-too-large'
  | 'request-rejected'
  | 'internal-error'
  | 'handler-timeout'
  | 'database-unavailable'
  | 'temporarily-unavailable';

/** What this edge answers for each of its codes. */
export const HTTP_PROBLEMS: ProblemTable<HttpErrorCode> = {
  'api-key-missing': { status: 401, title: 'An API key is required' },
  'api-key-invalid': { status: 401, title: 'The API key is not known' },
  'api-key-expired': { status: 401, title: 'The API key has expired' },
  'api-key-revoked': { status: 401, title: 'The API key has been revoked' },
  'too-many-failures': { status: 429, title: 'Too many requests without a valid API key' },
  forbidden: { status: 403, title: 'The role of the API key does not allow this' },
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  'malformed-url': { status: 400, title: 'The URL is malformed' },
  'malformed-body': { status: 400, title: 'The body is malformed' },
  'body-missing': { status: 400, title: 'A body is required' },
  'validation-failed': { status: 400, title: 'The input is not valid' },
  'cursor-invalid': { status: 400, title: 'The cursor is not one of this list' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'This method is not possible here' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  conflict: { status: 409, title: 'The request conflicts with the present state' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported here' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'request-rejected': { status: 400, title: 'The request was rejected' },
  'internal-error': { status: 500, title: 'Something went wrong on this side' },
  'handler-timeout': { status: 503, title: 'The answer was not ready in time' },
  'database-unavailable': { status: 503, title: 'The database cannot be reached' },
  'temporarily-unavailable': { status: 503, title: 'This is not possible at the moment' },
};
