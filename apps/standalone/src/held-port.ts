import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A free port that nobody else gets until it is given to the listener that wants it. */
export interface HeldPort {
  readonly port: number;
  /** May be called twice. */
  release(): Promise<void>;
}

/** Takes a free port for a listener whose port has to be known long before it listens. */
export async function holdFreePort(host: string | undefined): Promise<HeldPort> {
  const server = createServer().listen({ port: 0, ...(host === undefined ? {} : { host }) });
  await once(server, 'listening');
  // A TCP server's address is never a pipe name.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    release: () => new Promise((resolve) => (server.listening ? server.close(() => resolve()) : resolve())),
  };
}
