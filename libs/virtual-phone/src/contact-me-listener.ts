import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A phone's little web server that takes ContactMe requests (PROTOCOL 8.1). */
export interface ContactMeListener {
  /** What the phone reports as `contact-me-uri`. */
  readonly url: string;
  close(): Promise<void>;
}

const PATH = '/contact_dls.html/ContactDLS';

/** Listens for ContactMe requests; port 0 takes any free one, real phones have 8085. */
export async function listenForContactMe(
  onContactMe: () => void,
  { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<ContactMeListener> {
  const server = createServer((incoming, outgoing) => answer(incoming, outgoing, onContactMe));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  // A TCP server has an address object, a string is for pipes only.
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}${PATH}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** POST with a form, GET with a query and a bare GET all work on real phones. */
function answer(incoming: IncomingMessage, outgoing: ServerResponse, onContactMe: () => void): void {
  incoming.resume();
  incoming.on('end', () => {
    const isContactMe = incoming.url?.split('?')[0] === PATH && /^(?:GET|POST)$/.test(incoming.method ?? '');
    outgoing.writeHead(isContactMe ? 204 : 404, {
      Server: 'DlsClient',
      'Content-Length': '0',
      'Content-type': 'text/html',
    });
    outgoing.end();
    if (isContactMe) onContactMe();
  });
}
