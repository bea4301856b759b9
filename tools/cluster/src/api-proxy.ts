import { listenError } from '@opendls/http';
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';

/** A service whose HTTP API is reached under a path prefix. */
export interface ApiBackend {
  readonly name: string;
  readonly prefix: string;
  /** `http://host:port`, or undefined while the service is not ready. */
  url(): string | undefined;
}

export interface ApiProxy {
  readonly port: number;
  close(): Promise<void>;
}

const BACKEND_TIMEOUT_MS = 30_000;
/** A whole request, upload of firmware included; the services have shorter times of their own. */
const REQUEST_TIMEOUT_MS = 600_000;
/** What belongs to one connection and must not be passed on (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  // Answered here already.
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * One address for the HTTP APIs of all services: passes requests on by path prefix, joins the OpenAPI documents, and answers
 * health for all. Everything else (the documentation page) goes to the first service.
 */
export async function startApiProxy(options: {
  readonly host: string;
  readonly port: number;
  readonly backends: readonly [ApiBackend, ...ApiBackend[]];
}): Promise<ApiProxy> {
  const { backends } = options;
  const server = http.createServer((request, response) => {
    const pathname = pathOf(request.url ?? '/');
    if (pathname === undefined) return refuse(response, 400, 'malformed-url', 'The URL is malformed');
    if (pathname === '/openapi.json') return void answer(response, () => joinedOpenApi(backends));
    if (pathname === '/health/ready' || pathname === '/health/live')
      return void answer(response, () => joinedHealth(backends, pathname));
    const backend =
      backends.find(({ prefix }) => pathname === prefix || pathname.startsWith(`${prefix}/`)) ?? backends[0];
    passOn(backend, request, response);
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.listen({ host: options.host, port: options.port });
  await once(server, 'listening').catch((error: unknown) => {
    throw listenError(error, options.host, options.port);
  });
  // A TCP server's address is never a pipe name.
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/**
 * The path of a request target, or undefined when it is none. Only a path counts: `//host/x` and `http://host/x` name
 * another server, and would send the caller's API key there.
 */
function pathOf(target: string): string | undefined {
  return /^\/(?!\/)/.test(target) ? target.split('?', 1)[0] : undefined;
}

function passOn(backend: ApiBackend, request: http.IncomingMessage, response: http.ServerResponse): void {
  const url = backend.url();
  if (!url) return unavailable(response, backend);
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HOP_BY_HOP.has(name)));
  const { hostname, port } = new URL(url);
  const upstream = http.request({
    hostname,
    port,
    path: request.url ?? '/',
    method: request.method ?? 'GET',
    headers,
    timeout: BACKEND_TIMEOUT_MS,
  });
  // A body without a length goes on in chunks, whatever the method: bare, it would be read as the next request.
  if (request.headers['transfer-encoding'] !== undefined) upstream.setHeader('transfer-encoding', 'chunked');
  upstream.on('response', (answered) => {
    // An answer before the end of the body (413 for instance): the rest is read for nothing, so that the client gets to it.
    request.unpipe(upstream);
    request.resume();
    const passed = Object.entries(answered.headers).filter(([name]) => !HOP_BY_HOP.has(name));
    response.writeHead(answered.statusCode ?? 502, Object.fromEntries(passed));
    answered.pipe(response);
  });
  upstream.on('timeout', () => upstream.destroy(new Error('timeout')));
  upstream.on('error', () => (response.headersSent ? response.destroy() : unavailable(response, backend)));
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

function unavailable(response: http.ServerResponse, backend: ApiBackend): void {
  refuse(response, 503, 'service-unavailable', `${backend.name} does not answer`);
}

function refuse(response: http.ServerResponse, status: number, code: string, detail: string): void {
  const problem = { type: `urn:opendls:problem:${code}`, title: http.STATUS_CODES[status], status, code, detail };
  const retry = status === 503 ? { 'retry-after': '2' } : {};
  response.writeHead(status, { 'content-type': 'application/problem+json', ...retry });
  response.end(JSON.stringify(problem));
}

interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

async function answer(response: http.ServerResponse, compute: () => Promise<JsonAnswer>): Promise<void> {
  const { status, body } = await compute().catch((error: unknown) => ({
    status: 503,
    body: { status: 'error', detail: String(error) },
  }));
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

interface OpenApi {
  readonly info: object;
  readonly tags?: unknown[];
  readonly paths: object;
  readonly components?: Readonly<Record<string, object>>;
}

async function joinedOpenApi(backends: readonly ApiBackend[]): Promise<JsonAnswer> {
  const documents: OpenApi[] = [];
  for (const backend of backends) {
    const fetched = await fetch(`${backend.url() ?? ''}/openapi.json`, { signal: AbortSignal.timeout(5_000) });
    // The services are ours; their documents are tested where they are made.
    documents.push((await fetched.json()) as OpenApi);
  }
  const [first] = documents;
  const components: Record<string, object> = {};
  for (const document of documents) {
    for (const [kind, entries] of Object.entries(document.components ?? {}))
      components[kind] = { ...components[kind], ...entries };
  }
  const body = {
    ...first,
    info: { ...first?.info, title: 'OpenDLS', description: '' },
    tags: documents.flatMap((document) => document.tags ?? []),
    paths: Object.assign({}, ...documents.map((document) => document.paths)) as object,
    components,
  };
  return { status: 200, body };
}

async function joinedHealth(backends: readonly ApiBackend[], pathname: string): Promise<JsonAnswer> {
  const services = await Promise.all(
    backends.map(async (backend) => {
      const url = backend.url();
      const fetched =
        url && (await fetch(`${url}${pathname}`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined));
      return [backend.name, fetched && fetched.ok ? 'ok' : 'failing'] as const;
    }),
  );
  const isOk = services.every(([, state]) => state === 'ok');
  return {
    status: isOk ? 200 : 503,
    body: { status: isOk ? 'ok' : 'failing', services: Object.fromEntries(services) },
  };
}
