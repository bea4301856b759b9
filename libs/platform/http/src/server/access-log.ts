import type { Logger } from '@opendls/logging';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** No name of ours is as long as this; a token of a link is. */
const LONG_SEGMENT = /[^/]{80,}/g;

/**
 * One line per answer, without query and body. Writes are also noted in the process log with the id of the key (never
 * the key): who changed what is asked for long after access logs are gone.
 */
export function registerAccessLog(server: FastifyInstance, accessLog: Logger, logger: Logger): void {
  const auditLog = logger.child({ log: 'audit' });
  server.addHook('onResponse', async (request, reply) => {
    const isOpen = isOpenToAll(request);
    const fields = {
      requestId: request.id,
      method: request.method,
      path: pathOf(request),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      address: request.ip,
      keyId: request.apiKey?.id,
    };
    // Health pages are asked for every few seconds by whatever watches the process.
    const isNoise = isOpen && reply.statusCode < 400;
    accessLog[isNoise ? 'debug' : 'info'](fields, 'request');
    if (request.apiKey !== undefined && request.method !== 'GET' && request.method !== 'HEAD') {
      auditLog.info({ ...fields, keyName: request.apiKey.name, role: request.apiKey.role }, 'API write');
    }
  });
}

function isOpenToAll(request: FastifyRequest): boolean {
  return request.routeOptions.config.public === true;
}

/** What is open to everybody may be open by a token in its path, which is for its holder only; also one sent to a wrong place. */
function pathOf(request: FastifyRequest): string | undefined {
  if (isOpenToAll(request)) return request.routeOptions.url;
  const [path = ''] = request.url.split('?', 1);
  return request.is404 ? path.replaceAll(LONG_SEGMENT, '…') : path;
}
