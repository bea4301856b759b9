import { once } from 'node:events';
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server as PlainServer,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { createSelfSignedCertificate, type KeyAndCertificate } from '@opendls/crypto';
import { decodeMessage, encodeDlsMessage, type DecodeResult } from '@opendls/dls-codec';
import { parseTarget, type Addresses, type ServerHooks } from '../src/index.js';
import { spoilDocument, type Fault } from './faults.js';
import { hooksOf } from './reference-hooks.js';
import { ReferenceSecurity } from './reference-security.js';
import { ReferenceSessions, type Reply } from './reference-sessions.js';

const PATH = '/DeploymentService/LoginService';
const MAX_BODY_BYTES = 1_048_576;

/** A small service that keeps to every clause, or departs from one on purpose. */
export interface ReferenceServer {
  readonly url: string;
  readonly hooks: ServerHooks;
  readonly addresses: Addresses;
  close(): Promise<void>;
}

let certificate: Promise<KeyAndCertificate> | undefined;

/** Starts the server on free ports. */
export async function startReferenceServer(fault?: Fault): Promise<ReferenceServer> {
  certificate ??= createSelfSignedCertificate({ commonName: 'localhost', altNames: ['127.0.0.1'], days: 1 });
  const sessions = new ReferenceSessions(fault);
  const security = await ReferenceSecurity.create(fault);
  const files = new Map<string, Buffer>();
  let isServing = false;
  let die = (): void => undefined;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (fault === 'one-at-a-time') {
      if (isServing) return;
      isServing = true;
      request.on('end', () => (isServing = false));
    }
    const path = request.url ?? '';
    if (path.startsWith('/files/')) return serveFile(files.get(path), fault, request, response);
    await serve({ sessions, security, fault, die: () => die() }, request, response);
  };
  const listenTls = async (options: ServerOptions): Promise<Server> =>
    listening(
      createServer({ keepAliveTimeout: 10_000, ...options }, (request, response) => {
        handle(request, response).catch(() => response.destroy());
      }),
    );
  const phones = await listenTls(await certificate);
  const old =
    fault === 'no-tls-1.0' ? {} : ({ minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0', dhparam: 'auto' } as const);
  const legacy = await listenTls({ ...(await certificate), ...old });
  const own = await security.serverCertificate();
  const secure = await listenTls({ ...own, ca: security.certificate, requestCert: true, rejectUnauthorized: true });
  const dcmp = await listening(
    createPlainServer((request, response) => {
      const id = new URL(request.url ?? '', 'http://a').searchParams.get('device-id') ?? '';
      const isPending = fault === 'always-202' || (sessions.hasWork(id) && fault !== 'never-202');
      response.writeHead(isPending ? 202 : 200, { 'Content-Length': 0 }).end();
    }),
  );
  const servers = [phones, legacy, secure, dcmp];
  die = () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  };
  const url = `https://127.0.0.1:${portOf(phones)}`;
  const parts = { sessions, security, files, fault, url: () => url, securePort: () => portOf(secure) };
  return {
    url,
    hooks: hooksOf(parts),
    addresses: {
      '--secure-url': parseTarget(`https://127.0.0.1:${portOf(secure)}`)!,
      '--legacy-url': parseTarget(`https://127.0.0.1:${portOf(legacy)}`)!,
      '--dcmp-url': `http://127.0.0.1:${portOf(dcmp)}/dcmp`,
    },
    close: async () => {
      die();
      await delay(0);
    },
  };
}

async function listening<Any extends Server | PlainServer>(server: Any): Promise<Any> {
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

// A listening TCP server's address is never a pipe name.
function portOf(server: Server | PlainServer): number {
  return (server.address() as AddressInfo).port;
}

/** A file with what phones and proxies need to load it in parts. */
function serveFile(
  content: Buffer | undefined,
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (content === undefined) return refuse(response, 404);
  const tag = `"${content.length}"`;
  response.setHeader('ETag', tag);
  if (request.headers['if-none-match'] === tag) return void response.writeHead(304).end();
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const isRange = first !== undefined && fault !== 'no-file-range';
  if (isRange && Number(first) >= content.length) return refuse(response, 416);
  const part = isRange ? content.subarray(Number(first), last ? Number(last) + 1 : undefined) : content;
  const body = fault === 'wrong-file-length' ? part.subarray(1) : part;
  response.writeHead(isRange ? 206 : 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

interface Service {
  readonly sessions: ReferenceSessions;
  readonly security: ReferenceSecurity;
  readonly fault: Fault | undefined;
  readonly die: () => void;
}

async function serve(
  { sessions, security, fault, die }: Service,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').replace(/^https:\/\/[^/]*/, '');
  if (request.method !== 'POST' || path !== PATH) return refuse(response, 404);
  const body = await readBody(request);
  if (body === undefined) return refuse(response, 413);
  if (fault === 'dies-of-garbage' && body[0] !== 0x3c) return die();
  const result = decodeMessage(fault === 'expands-entities' ? expanded(body) : body);
  if (!result.ok && result.error.nonce === undefined) return refuse(response, 400);
  if (result.ok && result.message.kind !== 'workpoint') return refuse(response, 400);
  const items = result.ok && result.message.kind === 'workpoint' ? result.message.items : [];
  const mac = items.find(({ name }) => name === 'mac-addr')?.value ?? '';
  const isAdmitted = security.admits(mac, commonNameOf(request));
  const reply: Reply =
    isAdmitted && result.ok && result.message.kind === 'workpoint'
      ? sessions.answer(result.message, sessionCookie(sessions, request, fault))
      : {
          message: { kind: 'dls', nonce: nonceOf(result), action: 'CleanUp' },
          legacyEntities: false,
        };
  if (fault === 'hangs' && reply.message.action === 'CleanUp') return;
  if (reply.message.action === 'CleanUp' && fault === 'no-clean-up') return send(response, fault, '');
  if (reply.message.action === 'CleanUp' && fault === 'status-204') return refuse(response, 204);
  if (reply.message.action === 'CleanUp' && fault === 'error-status') return refuse(response, 500);
  if (reply.cookie !== undefined && fault !== 'no-cookie' && fault !== 'told-apart-by-address')
    response.setHeader('Set-Cookie', `JSESSIONID=${reply.cookie}; Path=/DeploymentService; Secure`);
  const document = encodeDlsMessage(reply.message, { legacyEntities: reply.legacyEntities });
  const comment = fault === 'expands-entities' ? `<!-- ${body.length} ${expandedText(body)} -->` : '';
  send(response, fault, spoilDocument(document, reply.message, fault) + comment);
}

function send(response: ServerResponse, fault: Fault | undefined, document: string): void {
  response.setHeader('Content-Type', 'text/xml; charset=UTF-8');
  if (fault === 'chunked') {
    response.write(document);
    response.end();
    return;
  }
  if (fault === 'no-content-length') {
    response.shouldKeepAlive = false;
    response.useChunkedEncodingByDefault = false;
    response.removeHeader('Content-Length');
    response.write(document);
    response.end();
    return;
  }
  response.setHeader('Content-Length', Buffer.byteLength(document));
  response.end(document);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, status === 204 ? {} : { 'Content-Length': 0 }).end();
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function sessionCookie(
  sessions: ReferenceSessions,
  request: IncomingMessage,
  fault: Fault | undefined,
): string | undefined {
  if (fault === 'told-apart-by-address') return sessions.anySession();
  const { cookie = '' } = request.headers;
  if (fault === 'strict-cookie') return /^JSESSIONID=(\w+)$/.exec(cookie)?.[1];
  return /(?:^|[;\s])JSESSIONID="?(\w+)/.exec(cookie)?.[1];
}

function expandedText(body: Buffer): string {
  return /<!ENTITY \w+ "([^"]*)">/.exec(body.toString('utf8'))?.[1] ?? '';
}

function expanded(body: Buffer): Buffer {
  const text = body.toString('utf8');
  const value = expandedText(body);
  return Buffer.from(text.replace(/<!DOCTYPE[\s\S]*?\]>/, '').replace(/&[a-z]\d?;/g, value));
}

function nonceOf(result: DecodeResult): string {
  if (!result.ok) return result.error.nonce ?? '';
  return result.message.kind === 'unknown' ? '' : result.message.nonce;
}

function commonNameOf({ socket }: IncomingMessage): string | undefined {
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
  return subject === undefined ? undefined : String(subject.CN);
}
