import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TlsOptions, TLSSocket } from 'node:tls';
import type { Logger } from '@opendls/logging';
import type { PhoneListenerConfig, PhoneRequestLimits } from '../config.js';
import type { GatewayEdge } from '../edge.js';
import type { GatewayMetrics } from '../metrics.js';
import type { BodyBudget, BodyShare } from './body-budget.js';
import { ConnectionLimits } from './connection-limits.js';
import { refusalOfError, refuseRequest, refuseSocket, type HttpRefusalCode } from './http-refusal.js';
import { listenOn } from './listen-on.js';
import type { PhoneMessages, PhoneRequest } from './phone-messages.js';
import { readBody } from './read-body.js';
import { ShownCertificates } from './shown-certificate.js';
import type { ListenerName } from './tls-options.js';
import type { TicketKeys } from './tls-tickets.js';

export interface PhoneListenerOptions {
  readonly name: ListenerName;
  readonly config: PhoneListenerConfig;
  readonly tls: TlsOptions;
  readonly ticketKeys: TicketKeys;
  readonly paths: readonly string[];
  /** What is answered here besides. */
  readonly edge: Pick<GatewayEdge, 'handles' | 'answer'>;
  readonly limits: PhoneRequestLimits;
  /** Shared by all listeners. */
  readonly bodies: BodyBudget;
  readonly nowMs: () => number;
}

/** An HTTPS address for phones. Plain `node:https`, as every microsecond beyond the handshake counts here. */
export class PhoneListener {
  private readonly server: Server;
  private readonly connections: ConnectionLimits;
  private readonly paths: ReadonlySet<string>;
  private readonly durations: { observe(seconds: number): void };
  private readonly certificates = new ShownCertificates();
  private clientCa: TlsOptions['ca'];
  private ticketTimer: NodeJS.Timeout | undefined;
  private isClosing = false;
  private listeningUrl = '';

  constructor(
    private readonly options: PhoneListenerOptions,
    private readonly messages: PhoneMessages,
    private readonly metrics: GatewayMetrics,
    private readonly logger: Logger,
  ) {
    const { config, limits, tls } = options;
    this.connections = new ConnectionLimits(config.maxConnectionsPerAddress);
    this.paths = new Set(options.paths);
    this.clientCa = tls.ca;
    this.server = createServer(
      {
        ...tls,
        handshakeTimeout: limits.handshakeTimeoutMs,
        maxHeaderSize: limits.maxHeaderBytes,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        // Nothing depends on it; Node's own refusal would be in no metric.
        requireHostHeader: false,
        // Node looks for requests that are overdue only this often.
        connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs, limits.requestTimeoutMs),
      },
      (request, response) => void this.onRequest(request, response),
    );
    this.server.maxConnections = config.maxConnections;
    this.durations = metrics.durations.labels({ listener: options.name });
    this.watchConnections();
    this.renewTicketKeys();
  }

  /** Where phones reach it from this machine, once it listens. */
  get url(): string {
    return this.listeningUrl;
  }

  get name(): ListenerName {
    return this.options.name;
  }

  get openConnections(): number {
    return this.connections.open;
  }

  /** @throws ListenError */
  async listen(): Promise<void> {
    this.listeningUrl = `https://${await listenOn(this.server, this.options.config)}`;
  }

  /** From now on new connections see this certificate; the open ones keep the one they have. */
  setCredentials(tls: TlsOptions): void {
    this.server.setSecureContext(tls);
    this.clientCa = tls.ca;
    // A new context has ticket keys of its own.
    this.renewTicketKeys();
  }

  private renewTicketKeys(): void {
    const { ticketKeys, name } = this.options;
    clearTimeout(this.ticketTimer);
    this.server.setTicketKeys(ticketKeys.current(name, String(this.clientCa ?? '')));
    this.ticketTimer = setTimeout(() => this.renewTicketKeys(), ticketKeys.msToNext());
    this.ticketTimer.unref();
  }

  /** Stops accepting, lets requests in flight finish within the time, then cuts. */
  async close(timeoutMs: number): Promise<void> {
    this.isClosing = true;
    clearTimeout(this.ticketTimer);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    // Also what never got as far as a request, and is unknown to the HTTP server.
    const cut = setTimeout(() => this.connections.destroyAll(), timeoutMs);
    await closed;
    clearTimeout(cut);
  }

  private watchConnections(): void {
    const listener = this.options.name;
    this.server.on('connection', (socket) => {
      if (!this.connections.admit(socket)) this.metrics.connectionsRefused.inc({ listener, cause: 'address' });
    });
    this.server.on('drop', () => this.metrics.connectionsRefused.inc({ listener, cause: 'total' }));
    this.server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
      this.metrics.tlsFailures.inc({ listener });
      this.logger.debug({ code: error.code }, 'TLS handshake failed');
    });
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const code = refusalOfError(error);
      // Whoever sends on after an answer to the socket is not answered, or counted, a second time.
      if (code === undefined || !socket.writable) {
        socket.destroy();
        return;
      }
      this.metrics.refusals.inc({ listener, code });
      refuseSocket(socket, code);
    });
    // What Node would answer, or drop, by itself.
    this.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
      this.refuse(request, response, 'expectation-failed'),
    );
    this.server.on('connect', (_request, socket) => {
      this.metrics.refusals.inc({ listener, code: 'method-not-allowed' });
      refuseSocket(socket, 'method-not-allowed');
    });
  }

  private async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAtMs = this.options.nowMs();
    response.on('error', (error) => this.logger.debug({ err: error }, 'answer not delivered'));
    const { method } = request;
    const path = pathOf(request.url ?? '');
    if (!this.paths.has(path)) return this.answerOther(request, response, path);
    if (method !== 'POST') return this.refuse(request, response, 'method-not-allowed');
    const share = this.options.bodies.open();
    try {
      await this.answerMessage(request, response, { path, arrivedAtMs, share });
    } finally {
      share.close();
    }
  }

  private async answerMessage(
    request: IncomingMessage,
    response: ServerResponse,
    { path, arrivedAtMs, share }: { readonly path: string; readonly arrivedAtMs: number; readonly share: BodyShare },
  ): Promise<void> {
    const { headers } = request;
    const body = await readBody(request, this.options.limits.maxBodyBytes, share);
    if (!body.ok) {
      if (body.code !== 'aborted') this.refuse(request, response, body.code);
      return;
    }
    const answer = await this.messages.answer({
      body: body.bytes,
      path,
      cookie: headers.cookie,
      contentType: headers['content-type'],
      host: headers.host,
      ...this.connectionOf(request),
      arrivedAtMs,
    });
    if (answer.kind === 'refused') return this.refuse(request, response, answer.code);
    this.send(response, answer);
    this.durations.observe((this.options.nowMs() - arrivedAtMs) / 1_000);
  }

  private answerOther(request: IncomingMessage, response: ServerResponse, path: string): void {
    const { edge, name } = this.options;
    if (!edge.handles(path)) return this.refuse(request, response, 'not-found');
    if (this.isClosing) response.setHeader('Connection', 'close');
    const refusal = edge.answer(request, response, path, name);
    if (refusal !== undefined) this.refuse(request, response, refusal.code, refusal.allow);
  }

  /** Always with a length: older firmware does not understand chunks (PROTOCOL 1.2). */
  private send(
    response: ServerResponse,
    answer: { readonly body: string; readonly setCookie: string | undefined },
  ): void {
    const bytes = Buffer.from(answer.body);
    const headers: Record<string, string | number> = {
      'Content-Type': 'text/xml; charset=UTF-8',
      'Content-Length': bytes.length,
    };
    if (answer.setCookie !== undefined) headers['Set-Cookie'] = answer.setCookie;
    if (this.isClosing) headers['Connection'] = 'close';
    response.writeHead(200, headers);
    response.end(bytes);
  }

  private refuse(request: IncomingMessage, response: ServerResponse, code: HttpRefusalCode, allow?: string): void {
    this.metrics.refusals.inc({ listener: this.options.name, code });
    refuseRequest(request, response, code, allow);
  }

  private connectionOf(request: IncomingMessage): Pick<PhoneRequest, 'connection' | 'certificate'> {
    // The server is an HTTPS server, so its sockets are TLS sockets.
    const socket = request.socket as TLSSocket;
    const address = socket.remoteAddress ?? '';
    const connection = {
      remoteAddress: address.startsWith('::ffff:') ? address.slice(7) : address,
      listener: this.options.name,
      tlsVersion: socket.getProtocol(),
      tlsCipher: socket.getCipher()?.name ?? null,
    };
    return { connection, certificate: this.options.name === 'secure' ? this.certificates.of(socket) : undefined };
  }
}

/** The path of a request target; a server takes the absolute form, which proxies are sent, as well (RFC 9112, 3.2.2). */
function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}
