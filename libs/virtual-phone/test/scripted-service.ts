import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DlsMessage, Item, WorkpointMessage } from '@opendls/dls-codec';
import { decodeMessage, encodeDlsMessage } from '@opendls/dls-codec';
import { createSelfSignedCertificate } from '@opendls/crypto';

/** What the service does about one message; a function may spoil the answer in any way. */
export type ScriptStep =
  Omit<DlsMessage, 'kind' | 'nonce'> | ((request: ReceivedMessage, response: ServerResponse) => void | Promise<void>);

export interface ReceivedMessage {
  readonly message: WorkpointMessage;
  readonly headers: IncomingMessage['headers'];
  readonly raw: string;
  /** Number of the connection it came on. */
  readonly connection: number;
  readonly tlsProtocol: string;
}

export interface ScriptedService {
  readonly url: string;
  readonly received: ReceivedMessage[];
  /** Answers that follow, in order; afterwards everything is answered by CleanUp. */
  script(...steps: ScriptStep[]): void;
  close(): Promise<void>;
}

/** An HTTPS service that plays a script and remembers what phones said. */
export async function startScriptedService(tls: object = {}): Promise<ScriptedService> {
  const certificate = await createSelfSignedCertificate({
    commonName: 'scripted service',
    altNames: ['localhost', '127.0.0.1'],
    days: 1,
    keyBits: 2048,
  });
  const received: ReceivedMessage[] = [];
  const steps: ScriptStep[] = [];
  const connections = new WeakMap<object, number>();
  let connectionCount = 0;
  const server = createServer({ ...certificate, ...tls }, (request, response) => {
    void readBody(request).then(async (body) => {
      const decoded = decodeMessage(body);
      if (!decoded.ok || decoded.message.kind !== 'workpoint') throw new Error('a phone sent something odd');
      const { message } = decoded;
      const socket = request.socket as typeof request.socket & { getProtocol(): string };
      const entry: ReceivedMessage = {
        message,
        headers: request.headers,
        raw: body.toString(),
        connection: connections.get(request.socket) ?? 0,
        tlsProtocol: socket.getProtocol(),
      };
      received.push(entry);
      const step = steps.shift() ?? { action: 'CleanUp' };
      if (typeof step === 'function') await step(entry, response);
      else answer(response, { kind: 'dls', nonce: message.nonce, ...step });
    });
  });
  server.on('secureConnection', (socket) => connections.set(socket, ++connectionCount));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    script: (...more) => void steps.push(...more),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function answer(response: ServerResponse, message: DlsMessage, headers: Record<string, string> = {}): void {
  const body = Buffer.from(encodeDlsMessage(message));
  response.writeHead(200, { 'Content-Type': 'text/xml; charset=UTF-8', 'Content-Length': body.length, ...headers });
  response.end(body);
}

export function overload(): ScriptStep {
  return { action: 'CleanUp', items: [{ name: 'cleanup-reason', value: 'overload' }] };
}

export function comeBack(): ScriptStep {
  return { action: 'CleanUp', items: [{ name: 'send-solicited', value: 'true' }] };
}

export function valueOf(items: readonly Item[], name: string, index?: number): string | undefined {
  return items.find((item) => item.name === name && item.index === index)?.value;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
