import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';

/** What a server asked a phone for. */
export interface ContactRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: string;
}

const PATH = '/contact_dls.html/ContactDLS';
const MAX_BODY_BYTES = 65_536;

/** The small web server of a phone, at which it is woken (PROTOCOL 8.1). */
export class ContactListener {
  readonly #requests: ContactRequest[] = [];
  #taken = 0;
  #wake = (): void => undefined;

  private constructor(
    private readonly server: Server,
    private readonly host: string,
  ) {}

  /** @param behaviour a phone answers 204; a crashing one hangs up */
  static async open(host: string, behaviour: 'answers' | 'hangs up' = 'answers'): Promise<ContactListener> {
    const server = createServer((request, response) => {
      void listener.#take(request).then(() => {
        if (behaviour === 'hangs up') request.socket.destroy();
        else response.writeHead(204, { Server: 'DlsClient', 'Content-Length': 0, 'Content-Type': 'text/html' }).end();
      });
    });
    const listener = new ContactListener(server, host);
    server.listen(0, host);
    await once(server, 'listening');
    return listener;
  }

  /** How many requests have come. */
  get count(): number {
    return this.#requests.length;
  }

  url(path = PATH): string {
    // A listening TCP server's address is never a pipe name.
    const { port } = this.server.address() as AddressInfo;
    return `http://${isIP(this.host) === 6 ? `[${this.host}]` : this.host}:${port}${path}`;
  }

  /** The next request; undefined when none comes in time. */
  async next(timeoutMs: number): Promise<ContactRequest | undefined> {
    if (this.#taken >= this.#requests.length) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const request = this.#requests[this.#taken];
    if (request !== undefined) this.#taken += 1;
    return request;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  async #take(request: IncomingMessage): Promise<void> {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => {
      if (body.length < MAX_BODY_BYTES) body += text;
    });
    await once(request, 'end').catch(() => undefined);
    const { method = '', url: path = '', headers } = request;
    this.#requests.push({ method, path, contentType: headers['content-type'], body });
    this.#wake();
  }
}
