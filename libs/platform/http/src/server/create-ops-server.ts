import { sendProblem } from '../problem/send-problem.js';
import { createFastify } from './create-fastify.js';
import type { HttpServerOptions, RunningServer } from './http-server-options.js';
import { listen } from './listen.js';

/** A server with health and metrics only, for processes without an API. */
export async function createOpsServer(options: HttpServerOptions): Promise<RunningServer> {
  const prepared = createFastify(options);
  const { server, unmatched } = prepared;
  server.setNotFoundHandler((request, reply) => sendProblem(request, reply, unmatched(request), options.logger));
  return listen(prepared, options, () => server.close());
}
