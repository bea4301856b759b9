import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import type { Logger } from '@opendls/logging';
import { registerAuthentication } from '../auth/authenticate.js';
import { DEFAULT_FAILURE_LIMITS, FailureLimiter } from '../auth/failure-limiter.js';
import { registerBodyParsers } from '../input/raw-body.js';
import { HealthRegistry } from '../ops/health.js';
import { authFailures, collectProcessMetrics, countBrokenRequest, registerHttpMetrics } from '../ops/http-metrics.js';
import { registerOpsRoutes } from '../ops/ops-routes.js';
import { problem, type HttpProblem } from '../problem/http-problem.js';
import { HTTP_PROBLEMS, type HttpErrorCode } from '../problem/http-problems.js';
import { commonHeaders, problemBody, sendProblem } from '../problem/send-problem.js';
import { toProblem } from '../problem/to-problem.js';
import { registerAccessLog } from './access-log.js';
import { drainRequest } from './drain-request.js';
import type { HttpLimits, HttpServerOptions } from './http-server-options.js';
import { limitRequestTime } from './limit-request-time.js';
import { RouteIndex } from './route-index.js';

/** A Fastify server with everything that is the same for all of them, before it listens. */
export interface PreparedServer {
  readonly server: FastifyInstance;
  readonly health: HealthRegistry;
  readonly limits: HttpLimits;
  /** The answer for a request no route matches. */
  readonly unmatched: (request: FastifyRequest) => HttpProblem;
}

const DEFAULT_LIMITS: HttpLimits = {
  maxBodyBytes: 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  requestTimeoutMs: 20_000,
  answerTimeoutMs: 15_000,
  streamTimeoutMs: 600_000,
  keepAliveTimeoutMs: 30_000,
  maxConnections: 2_000,
  closeTimeoutMs: 5_000,
  authFailures: DEFAULT_FAILURE_LIMITS,
};
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Makes a server with authentication, metrics, health, limits and problem+json errors. */
export function createFastify(options: HttpServerOptions): PreparedServer {
  const limits: HttpLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const metrics = 'getSingleMetric' in options.metrics ? [options.metrics] : [...new Set(options.metrics)];
  const server = newFastify(limits, options.logger, metrics[0]);
  const routes = new RouteIndex();
  const health = healthOf(options);
  const unmatched = (request: FastifyRequest): HttpProblem => routes.problemFor(request.method, request.url);

  server.addHook('onRoute', (route) => {
    routes.add(route.method, route.url);
    if (route.config?.streams === true) route.handlerTimeout = limits.streamTimeoutMs;
    // Routes of our own say who may use them; controllers have the filter, and one handler for all would be in its way.
    const isOurs = route.config?.public !== undefined || route.config?.role !== undefined;
    if (isOurs) route.errorHandler = (error, ...to) => sendProblem(...to, toProblem(error), options.logger);
  });
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(commonHeaders(request));
    // No name or value of ours has a NUL, and databases refuse it.
    if (request.url.includes('%00')) throw problem(HTTP_PROBLEMS, 'malformed-url');
  });
  server.addHook('onSend', async (request, reply) => {
    await drainRequest(request.raw);
    // A connection kept alive after its last answer would hold up closing.
    if (health.isClosing) reply.header('connection', 'close');
  });
  limitRequestTime(server, limits, (socket) => breakRequest('ERR_HTTP_REQUEST_TIMEOUT', socket, metrics[0]));
  registerAccessLog(server, options.accessLogger ?? options.logger.child({ log: 'access' }), options.logger);
  registerMetrics(server, options, limits, metrics);
  registerBodyParsers(server);
  registerOpsRoutes(server, health, metrics);
  return { server, health, limits, unmatched };
}

function newFastify(limits: HttpLimits, logger: Logger, registry: Registry | undefined): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    // The longest of all routes; `limitRequestTime` holds the others to theirs.
    requestTimeout: Math.max(limits.requestTimeoutMs, limits.streamTimeoutMs),
    handlerTimeout: limits.answerTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: Math.min(10_000, limits.requestTimeoutMs),
      // Node looks for requests that are overdue only this often.
      connectionsCheckingInterval: Math.min(1_000, limits.requestTimeoutMs),
    },
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    frameworkErrors: (error, request, reply) => sendProblem(request, reply, toProblem(error), logger),
    clientErrorHandler: (error, socket) => breakRequest(error.code, socket, registry),
  });
  server.server.maxConnections = limits.maxConnections;
  return server;
}

function registerMetrics(
  server: FastifyInstance,
  options: HttpServerOptions,
  limits: HttpLimits,
  [registry]: readonly Registry[],
): void {
  if (registry === undefined) throw new TypeError('an HTTP server needs a metrics registry');
  collectProcessMetrics(registry);
  registerHttpMetrics(server, registry);
  registerAuthentication(server, {
    apiKeys: options.apiKeys,
    failures: authFailures(registry),
    limiter: new FailureLimiter(limits.authFailures),
  });
}

function healthOf({ health, logger }: HttpServerOptions): HealthRegistry {
  if (health instanceof HealthRegistry) return health;
  const registry = new HealthRegistry({ logger });
  registry.add(...health);
  return registry;
}

const CLIENT_ERRORS: ReadonlyMap<string, HttpErrorCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'headers-too-large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request-timeout'],
]);

function breakRequest(code: string, socket: Socket, registry: Registry | undefined): void {
  const status = answerBrokenRequest(code, socket);
  if (status !== undefined && registry !== undefined) countBrokenRequest(registry, status);
}

/** What could not even be parsed as HTTP never becomes a request: the answer goes to the socket. */
function answerBrokenRequest(code: string, socket: Socket): number | undefined {
  if (code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const answer = problem(HTTP_PROBLEMS, CLIENT_ERRORS.get(code) ?? 'bad-request');
  const body = JSON.stringify(problemBody(answer));
  socket.end(
    `HTTP/1.1 ${answer.status} ${answer.code}\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  return answer.status;
}
