import type { Logger } from '@opendls/logging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpProblem } from './http-problem.js';

/** The body of an RFC 9457 answer. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly requestId?: string;
}

const PROBLEM_JSON = 'application/problem+json; charset=utf-8';

/** The body for a problem. */
export function problemBody({ status, code, title, options }: HttpProblem, requestId?: string): ProblemBody {
  return {
    ...options.extra,
    type: `urn:opendls:problem:${code}`,
    title,
    status,
    code,
    ...(options.detail === undefined ? {} : { detail: options.detail }),
    ...(options.errors === undefined ? {} : { errors: options.errors }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** Headers of every answer; also of errors that happen before any hook runs. */
export function commonHeaders(request: FastifyRequest): Record<string, string> {
  return { 'x-request-id': request.id, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' };
}

/** Answers with a problem and logs what somebody has to look at: this is the edge where the error ends. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: HttpProblem, logger: Logger): void {
  const { status, code, options } = problem;
  if (status >= 500) {
    const fields = { err: options.cause ?? problem, code, requestId: request.id, method: request.method };
    if (status === 500) logger.error(fields, 'request failed');
    else logger.warn(fields, 'request could not be served');
  }
  if (reply.sent) return;
  reply.headers(commonHeaders(request));
  if (status === 401) reply.header('www-authenticate', `Bearer realm="opendls", error="${code}"`);
  for (const [name, value] of Object.entries(options.headers ?? {})) reply.header(name, value);
  const body = JSON.stringify(problemBody(problem, request.id));
  // A string with its own type: neither a serializer nor the framework's error body has a say.
  void reply.code(status).header('content-type', PROBLEM_JSON).serializer(String).send(body);
}
