import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { HealthRegistry } from './health.js';

/** `/health/live` and `/health/ready` for everybody, `/metrics` for viewers. */
export function registerOpsRoutes(server: FastifyInstance, health: HealthRegistry, metrics: readonly Registry[]): void {
  const open = { config: { public: true } };
  server.get('/health/live', open, async () => ({ status: 'ok' }));
  server.get('/health/ready', open, async (_request, reply) => {
    const readiness = await health.readiness();
    return reply.code(readiness.status === 'ok' ? 200 : 503).send(readiness);
  });
  server.get('/metrics', { config: { role: 'viewer' } }, async (_request, reply) => {
    const [first, ...others] = metrics;
    const source = first !== undefined && others.length === 0 ? first : Registry.merge([...metrics]);
    return reply.header('content-type', source.contentType).send(await source.metrics());
  });
}
