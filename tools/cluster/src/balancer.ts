import { listenError } from '@opendls/http';
import { once } from 'node:events';
import net from 'node:net';

/** A TCP address of one backend. */
export interface Backend {
  readonly host: string;
  readonly port: number;
}

export interface Balancer {
  readonly port: number;
  close(): Promise<void>;
}

export interface BalancerOptions {
  readonly host: string | undefined;
  readonly port: number;
  /** The backends of this moment; asked anew for every connection. */
  readonly backends: () => readonly Backend[];
}

/**
 * A plain TCP balancer: every connection goes to the next backend in turn, or to the one after it when that does not answer.
 * It knows nothing of TLS or of phones and keeps nobody with one backend, as any balancer in front of gateways may do.
 */
export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  let turn = 0;
  const open = new Set<net.Socket>();
  const server = net.createServer({ pauseOnConnect: true }, (client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    // A client that went away is no fault of ours; 'close' follows.
    client.on('error', () => client.destroy());
    const backends = options.backends();
    turn = (turn + 1) % Math.max(backends.length, 1);
    connectInTurn(client, [...backends.slice(turn), ...backends.slice(0, turn)]);
  });
  server.listen({ host: options.host, port: options.port });
  await once(server, 'listening').catch((error: unknown) => {
    throw listenError(error, options.host ?? '::', options.port);
  });
  // A TCP server's address is never a pipe name.
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function connectInTurn(client: net.Socket, [backend, ...others]: readonly Backend[]): void {
  if (!backend || client.destroyed) {
    client.destroy();
    return;
  }
  const upstream = net.connect(backend);
  const tryNext = (): void => connectInTurn(client, others);
  upstream.once('error', tryNext);
  upstream.once('connect', () => {
    upstream.off('error', tryNext);
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
  });
}
