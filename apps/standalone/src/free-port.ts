import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A port that is free now, for a listener whose port has to be known before it listens. */
export async function freePort(host: string | undefined): Promise<number> {
  const server = createServer().listen({ port: 0, ...(host === undefined ? {} : { host }) });
  await once(server, 'listening');
  // A TCP server's address is never a pipe name.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
