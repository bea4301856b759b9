import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { createSelfSignedCertificate, type KeyAndCertificate } from '@opendls/crypto';
import { decodeMessage, encodeDlsMessage } from '@opendls/dls-codec';
import type { ServerHooks } from '../src/index.js';
import { spoilDocument, type Fault } from './faults.js';
import { ReferenceSessions, type Reply, type Step } from './reference-sessions.js';

const PATH = '/DeploymentService/LoginService';
const MAX_BODY_BYTES = 1_048_576;

/** A small service that keeps to every clause, or departs from one on purpose. */
export interface ReferenceServer {
  readonly url: string;
  readonly hooks: ServerHooks;
  close(): Promise<void>;
}

let certificate: Promise<KeyAndCertificate> | undefined;

/** Starts the server on a free port. */
export async function startReferenceServer(fault?: Fault): Promise<ReferenceServer> {
  certificate ??= createSelfSignedCertificate({ commonName: 'localhost', altNames: ['127.0.0.1'], days: 1 });
  const sessions = new ReferenceSessions(fault);
  let isServing = false;
  let die = (): void => undefined;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (fault === 'one-at-a-time') {
      if (isServing) return;
      isServing = true;
      request.on('end', () => (isServing = false));
    }
    await serve({ sessions, fault, die: () => die() }, request, response);
  };
  const server = createServer({ ...(await certificate), keepAliveTimeout: 10_000 }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  die = () => {
    server.close();
    server.closeAllConnections();
  };
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `https://127.0.0.1:${port}`,
    hooks: hooksOf(sessions),
    close: async () => {
      die();
      await delay(0);
    },
  };
}

function hooksOf(sessions: ReferenceSessions): ServerHooks {
  const want = (mac: string, step: Step): void => sessions.wantSteps(mac, [{ ...step, isJob: true }]);
  const named = (name: string, value: string) => ({ name, value });
  return {
    wantWrite: ({ mac, items }) => sessions.wantWrite(mac, items),
    wantRead: ({ mac, items }) =>
      want(mac, { action: 'ReadItems', items: items.map((item) => ({ ...item, value: '' })) }),
    wantReadAll: ({ mac }) => want(mac, { action: 'ReadAllItems' }),
    wantRestart: ({ mac }) => want(mac, { action: 'Restart' }),
    wantFile: ({ mac, type, url }) => {
      // The file itself ends the job: `status` opens a contact of its own, as far as this service is concerned.
      sessions.wantSteps(mac, [
        { action: 'FileDeployment', items: [named('file-type', type), named('file-https-base-url', url)] },
      ]);
    },
    wantFirmware: ({ mac, softwareType, url }) =>
      want(mac, {
        action: 'SoftwareDeployment',
        items: [named('file-https-base-url', url), named('file-type', 'APP'), named('file-sw-type', softwareType)],
      }),
    cleanup: ({ mac }) => sessions.forget(mac),
  };
}

interface Service {
  readonly sessions: ReferenceSessions;
  readonly fault: Fault | undefined;
  readonly die: () => void;
}

async function serve(
  { sessions, fault, die }: Service,
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
  const reply: Reply =
    result.ok && result.message.kind === 'workpoint'
      ? sessions.answer(result.message, sessionCookie(sessions, request, fault))
      : {
          message: { kind: 'dls', nonce: (!result.ok && result.error.nonce) || '', action: 'CleanUp' },
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
