import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Histogram, type Registry } from 'prom-client';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Adds the metrics of the process itself (CPU, memory, event loop), once per registry. */
export function collectProcessMetrics(registry: Registry): void {
  if (registry.getSingleMetric('process_cpu_user_seconds_total') === undefined)
    collectDefaultMetrics({ register: registry });
}

/** Counts failed authentications by code. */
export function authFailures(registry: Registry): Counter<'code'> {
  return once(registry, 'opendls_auth_failures_total', (name) => {
    const help = 'Requests without a valid API key, by reason';
    return new Counter({ name, help, labelNames: ['code'], registers: [registry] });
  });
}

const LABELS = ['method', 'route', 'status'] as const;
type Label = (typeof LABELS)[number];

function answeredRequests(registry: Registry): Counter<Label> {
  return once(registry, 'opendls_http_requests_total', (name) => {
    return new Counter({ name, help: 'HTTP requests answered', labelNames: LABELS, registers: [registry] });
  });
}

/** Counts what was answered without ever becoming a request, as it was no HTTP. */
export function countBrokenRequest(registry: Registry, status: number): void {
  answeredRequests(registry).inc({ method: 'other', route: 'unmatched', status: String(status) });
}

/** Counts and times requests by route pattern, never by URL: what strangers type must not become a label. */
export function registerHttpMetrics(server: FastifyInstance, registry: Registry): void {
  const requests = answeredRequests(registry);
  const durations = once(registry, 'opendls_http_request_duration_seconds', (name) => {
    const help = 'Time from the arrival of a request to the end of its answer';
    return new Histogram({ name, help, labelNames: LABELS, buckets: DURATION_BUCKETS, registers: [registry] });
  });
  server.addHook('onResponse', async (request, reply) => {
    const labels = {
      method: METHODS.has(request.method) ? request.method : 'other',
      route: request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched'),
      status: String(reply.statusCode),
    };
    requests.inc(labels);
    durations.observe(labels, reply.elapsedTime / 1_000);
  });
}

/** Two servers of one process may share a registry, and then these metrics. */
function once<Metric>(registry: Registry, name: string, make: (name: string) => Metric): Metric {
  // Only this file makes metrics of these names, so what is there is what `make` would make.
  const existing = registry.getSingleMetric(name) as Metric | undefined;
  return existing ?? make(name);
}
