import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { DcmpListenerConfig } from '../edge-config.js';
import { ConnectionLimits } from '../phones/connection-limits.js';
import { refusalOfError, refuseRequest, refuseSocket, type HttpRefusalCode } from '../phones/http-refusal.js';
import { listenOn } from '../phones/listen-on.js';
import { isDcmpPath } from './dcmp-poll.js';
import type { DcmpRequests } from './dcmp-requests.js';

/** Counts what the listener refuses. */
export interface DcmpListenerCounts {
  readonly onRefused: (code: HttpRefusalCode) => void;
  readonly onConnectionRefused: (cause: 'address' | 'total') => void;
}

const MAX_HEADER_BYTES = 4_096;
const HEADERS_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;

/** Plain HTTP for polls of phones that cannot do HTTPS there, with limits of its own: nothing else is answered. */
export class DcmpListener {
  private readonly server: Server;
  private readonly connections: ConnectionLimits;
  private listeningUrl: string | null = null;

  constructor(
    private readonly config: DcmpListenerConfig,
    private readonly requests: DcmpRequests,
    private readonly counts: DcmpListenerCounts,
  ) {
    this.connections = new ConnectionLimits(config.maxConnectionsPerAddress);
    this.server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: HEADERS_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        requireHostHeader: false,
        connectionsCheckingInterval: 1_000,
      },
      (request, response) => this.onRequest(request, response),
    );
    this.server.maxConnections = config.maxConnections;
    this.watchConnections();
  }

  /** Where it listens, once it does. */
  get url(): string | null {
    return this.listeningUrl;
  }

  get openConnections(): number {
    return this.connections.open;
  }

  /** @throws ListenError */
  async listen(): Promise<void> {
    this.listeningUrl = `http://${await listenOn(this.server, this.config)}`;
  }

  /** Polls take no time: whatever is open is cut. */
  async close(): Promise<void> {
    if (this.listeningUrl === null) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.connections.destroyAll();
    await closed;
  }

  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', method, headers } = request;
    response.on('error', () => undefined);
    if (!isDcmpPath(url)) return this.refuse(request, response, 'not-found');
    if (method !== 'GET') return this.refuse(request, response, 'method-not-allowed');
    const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
    if (hasBody) return this.refuse(request, response, 'body-too-large');
    this.requests.answer(request, response);
  }

  private watchConnections(): void {
    this.server.on('connection', (socket) => {
      if (!this.connections.admit(socket)) this.counts.onConnectionRefused('address');
    });
    this.server.on('drop', () => this.counts.onConnectionRefused('total'));
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const code = refusalOfError(error);
      if (code === undefined || !socket.writable) {
        socket.destroy();
        return;
      }
      this.counts.onRefused(code);
      refuseSocket(socket, code);
    });
    this.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
      this.refuse(request, response, 'expectation-failed'),
    );
    this.server.on('connect', (_request, socket) => {
      this.counts.onRefused('method-not-allowed');
      refuseSocket(socket, 'method-not-allowed');
    });
  }

  private refuse(request: IncomingMessage, response: ServerResponse, code: HttpRefusalCode): void {
    this.counts.onRefused(code);
    refuseRequest(request, response, code, 'GET');
  }
}
