import type { AddressInfo, Server } from 'node:net';
import { listenError, urlHost } from '@opendls/http/ops';

const BACKLOG = 1_024;

/** Has a server listen. @returns `host:port` at which it is reached from this machine. @throws ListenError */
export async function listenOn(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(listenError(error, host, port));
    server.once('error', onError);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', onError);
      resolve();
    });
  });
  // A listening TCP server's address is never a pipe name.
  return `${urlHost(host)}:${(server.address() as AddressInfo).port}`;
}
