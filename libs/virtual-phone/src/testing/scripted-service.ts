import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { createSelfSignedCertificate } from '@opendls/crypto';
import type { DlsMessage, Item, WorkpointMessage } from '@opendls/dls-codec';
import { decodeMessage, encodeDlsMessage } from '@opendls/dls-codec';

/** An answer but for its nonce. */
export type ScriptedAnswer = Omit<DlsMessage, 'kind' | 'nonce'>;

/** What the service does about one message; a function may spoil the answer in any way. */
export type ScriptStep =
  ScriptedAnswer | ((request: ReceivedMessage, response: ServerResponse) => void | Promise<void>);

export interface ReceivedMessage {
  readonly message: WorkpointMessage;
  readonly headers: IncomingMessage['headers'];
  readonly raw: string;
  /** Number of the connection it came on. */
  readonly connection: number;
  readonly tlsProtocol: string;
  /** Common name and serial number of the certificate the phone presented. */
  readonly clientCertificate?: { readonly commonName: string; readonly serialNumber: string };
}

export interface ScriptedService {
  readonly url: string;
  readonly received: ReceivedMessage[];
  /** Answers that follow, in order. */
  script(...steps: ScriptStep[]): void;
  close(): Promise<void>;
}

export interface ScriptedServiceOptions {
  readonly tls?: ServerOptions;
  /** Answers what the script does not; default: CleanUp. */
  /** Answers requests that are no POST, for files and polls. */
  readonly onGet?: (request: IncomingMessage, response: ServerResponse) => void;
  readonly otherwise?: (message: WorkpointMessage) => ScriptedAnswer;
}

/** An HTTPS service that plays a script and remembers what phones said. */
export async function startScriptedService(options: ScriptedServiceOptions = {}): Promise<ScriptedService> {
  const { otherwise = () => ({ action: 'CleanUp' }) satisfies ScriptedAnswer } = options;
  const received: ReceivedMessage[] = [];
  const steps: ScriptStep[] = [];
  const connections = new WeakMap<object, number>();
  let connectionCount = 0;
  const server = createServer({ ...(await certificate()), ...options.tls }, (request, response) => {
    if (request.method !== 'POST') {
      if (options.onGet) return options.onGet(request, response);
      return void response.writeHead(404, { 'Content-Length': 0 }).end();
    }
    const handle = async (): Promise<void> => {
      const entry = await receive(request, connections.get(request.socket) ?? 0);
      if (!entry) return void response.writeHead(400).end();
      received.push(entry);
      const step = steps.shift() ?? otherwise(entry.message);
      if (typeof step === 'function') await step(entry, response);
      else answer(response, { kind: 'dls', nonce: entry.message.nonce, ...step });
    };
    // A phone that hung up needs no answer.
    handle().catch(() => response.destroy());
  });
  server.on('secureConnection', (socket) => connections.set(socket, ++connectionCount));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server has an address object, a string is for pipes only.
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    received,
    script: (...more) => void steps.push(...more),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function certificate(): ReturnType<typeof createSelfSignedCertificate> {
  const altNames = ['localhost', '127.0.0.1'];
  return createSelfSignedCertificate({ commonName: 'scripted service', altNames, days: 1, keyBits: 2048 });
}

async function receive(request: IncomingMessage, connection: number): Promise<ReceivedMessage | undefined> {
  const body = await readBody(request);
  const decoded = decodeMessage(body);
  if (!decoded.ok || decoded.message.kind !== 'workpoint') return undefined;
  const tlsProtocol = request.socket instanceof TLSSocket ? (request.socket.getProtocol() ?? '') : '';
  const clientCertificate = certificateOf(request);
  return {
    message: decoded.message,
    headers: request.headers,
    raw: body.toString(),
    connection,
    tlsProtocol,
    ...(clientCertificate ? { clientCertificate } : {}),
  };
}

function certificateOf({ socket }: IncomingMessage): ReceivedMessage['clientCertificate'] {
  const peer = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (!peer) return undefined;
  const commonName = /^CN=(.*)$/m.exec(peer.subject)?.[1] ?? '';
  return { commonName, serialNumber: peer.serialNumber.toLowerCase() };
}

/** Answers as a service should. */
export function answer(response: ServerResponse, message: DlsMessage, headers: Record<string, string> = {}): void {
  const body = Buffer.from(encodeDlsMessage(message));
  response.writeHead(200, { 'Content-Type': 'text/xml; charset=UTF-8', 'Content-Length': body.length, ...headers });
  response.end(body);
}

/** The service has too much to do. */
export function overload(): ScriptedAnswer {
  return { action: 'CleanUp', items: [{ name: 'cleanup-reason', value: 'overload' }] };
}

/** CleanUp that asks the phone to come back when it is idle. */
export function comeBack(): ScriptedAnswer {
  return { action: 'CleanUp', items: [{ name: 'send-solicited', value: 'true' }] };
}

/** The value of an item in a message. */
export function valueOf(items: readonly Item[], name: string, index?: number): string | undefined {
  return items.find((item) => item.name === name && item.index === index)?.value;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
