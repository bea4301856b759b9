import type { ApiRole } from '@opendls/crypto/sealing';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Counter } from 'prom-client';
import { problem } from '../problem/http-problem.js';
import { HTTP_PROBLEMS } from '../problem/http-problems.js';
import type { ApiKeySource, AuthenticatedKey, AuthResult } from './api-key-source.js';
import type { FailureLimiter } from './failure-limiter.js';
import { requireRole } from './role-rules.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes the request; set before any controller runs. */
    apiKey?: AuthenticatedKey;
  }
  interface FastifyContextConfig {
    /** Open to everybody. */
    public?: boolean;
    /** Role for a route that is not a controller's. */
    role?: ApiRole;
  }
}

/** What authentication needs. */
export interface AuthenticationOptions {
  readonly apiKeys: ApiKeySource;
  readonly failures: Counter<'code'>;
  readonly limiter: FailureLimiter;
}

const BEARER = /^Bearer +([\x21-\x7e]{1,256}) *$/i;

/** Checks the key of every request to a route that is not public, before the body is read. */
export function registerAuthentication(server: FastifyInstance, options: AuthenticationOptions): void {
  server.addHook('onRequest', async (request) => {
    const { config } = request.routeOptions;
    // A path that does not exist is answered 404 without a key: the paths are no secret, they are in /openapi.json.
    if (request.is404 || config.public === true) return;
    const result = authenticate(request, options.apiKeys);
    if (result.ok) {
      request.apiKey = result.key;
      if (config.role !== undefined) requireRole(result.key, config.role);
      return;
    }
    options.failures.inc({ code: result.code });
    if (options.limiter.allowsFailure(request.ip)) throw problem(HTTP_PROBLEMS, result.code);
    throw problem(HTTP_PROBLEMS, 'too-many-failures', { headers: { 'retry-after': '5' } });
  });
}

function authenticate(request: FastifyRequest, apiKeys: ApiKeySource): AuthResult {
  const header = request.headers.authorization;
  if (header === undefined || header === '') return { ok: false, code: 'api-key-missing' };
  const text = BEARER.exec(header)?.[1];
  return text === undefined ? { ok: false, code: 'api-key-invalid' } : apiKeys.authenticate(text);
}
