import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { HttpLimits } from './http-server-options.js';

/**
 * Ends requests whose body does not arrive in time. Node has one time for the whole server, which is that of the handlers
 * that stream; a client that is refused, or whose handler does not stream, has no use for it.
 */
export function limitRequestTime(
  server: FastifyInstance,
  { requestTimeoutMs }: HttpLimits,
  giveUp: (socket: Socket) => void,
): void {
  server.addHook('onRequest', async (request) => {
    const { raw } = request;
    if (raw.complete || !mayHaveBody(raw.headers)) return;
    const timer = setTimeout(() => {
      const isStreamed = request.routeOptions.config.streams === true && request.apiKey !== undefined;
      if (!raw.complete && !isStreamed) giveUp(raw.socket);
    }, requestTimeoutMs);
    timer.unref();
    raw.once('close', () => clearTimeout(timer));
  });
}

function mayHaveBody(headers: { readonly [name: string]: unknown }): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}
