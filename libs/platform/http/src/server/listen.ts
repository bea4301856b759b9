import type { Server } from 'node:http';
import { isIPv6 } from 'node:net';
import { AppError } from '@opendls/logging';
import type { FastifyInstance } from 'fastify';
import type { HealthRegistry } from '../ops/health.js';
import type { HttpServerOptions, RunningServer } from './http-server-options.js';
import type { PreparedServer } from './create-fastify.js';

export type ListenErrorCode = 'port-in-use' | 'listen-failed';

/** A server that could not start to listen. The message is for the person who started it. */
export class ListenError extends AppError<ListenErrorCode> {}

/** Lets a prepared server listen. `shutDown` closes it with everything that hangs on it. */
export async function listen(
  { server, health, limits }: PreparedServer,
  { host, port }: HttpServerOptions,
  shutDown: () => Promise<void>,
): Promise<RunningServer> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    await shutDown();
    throw listenError(error, host, port);
  }
  const actual = actualPort(server);
  let closing: Promise<void> | undefined;
  return {
    url: `http://${urlHost(host)}:${actual}`,
    port: actual,
    close: () => (closing ??= closeWithin(server.server, health, shutDown, limits.closeTimeoutMs)),
  };
}

async function closeWithin(
  server: Server,
  health: HealthRegistry,
  shutDown: () => Promise<void>,
  timeoutMs: number,
): Promise<void> {
  health.markClosing();
  const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
  try {
    await shutDown();
  } finally {
    clearTimeout(cut);
  }
}

/** What a failed `listen` means, for the person who started the server. */
export function listenError(error: unknown, host: string, port: number): ListenError {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new ListenError('port-in-use', `port ${port} on ${host} is already in use`, { cause: error });
  }
  return new ListenError('listen-failed', `cannot listen on port ${port} of ${host} (${String(code)})`, {
    cause: error,
  });
}

function actualPort(server: FastifyInstance): number {
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return address.port;
}

/** The host of a URL for an address that is listened on; one that means "all" is no address to connect to. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIPv6(host) ? `[${host}]` : host;
}
