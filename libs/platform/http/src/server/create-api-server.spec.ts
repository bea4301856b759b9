import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Body, Controller, Delete, Get, HttpCode, Inject, Module, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse } from '@nestjs/swagger';
import { createLogger, AppError } from '@opendls/logging';
import { Registry } from 'prom-client';
import { z } from 'zod';
import {
  ApiKeyFile,
  apiQueries,
  createApiKey,
  createApiServer,
  createOpsServer,
  ListenError,
  pageQuerySchema,
  parseBody,
  parseQuery,
  problem,
  rawBody,
  revokeApiKey,
  Roles,
  zodToOpenApi,
  type ApiServer,
} from '../index.js';

const thingSchema = z.object({ name: z.string().min(2), pwd: z.string().min(8), size: z.int().default(1) });
const querySchema = pageQuerySchema.extend({ name: z.string().optional() });
const failures = {
  database: () => Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), { code: 'ECONNREFUSED' }),
  bug: () => new TypeError('secret internals of the server'),
  known: () => new AppError('thing-locked', 'the thing is locked'),
  missing: () => problem({ 'thing-not-found': { status: 404, title: 'No such thing' } }, 'thing-not-found'),
} as const;

class Greeter {
  greet(name: string): string {
    return `hello ${name}`;
  }
}

@Controller('things/v1/things')
class ThingsController {
  constructor(@Inject(Greeter) private readonly greeter: Greeter) {}

  @Get()
  @apiQueries(querySchema)
  list(@Query() query: unknown): unknown {
    return { items: [], nextCursor: null, query: parseQuery(querySchema, query) };
  }

  @Get(':name')
  @ApiOkResponse({ schema: zodToOpenApi(thingSchema) })
  get(@Param('name') name: string): unknown {
    return { greeting: this.greeter.greet(name) };
  }

  @Put(':name')
  @ApiBody({ schema: zodToOpenApi(thingSchema, 'input') })
  put(@Body() body: unknown): unknown {
    return parseBody(thingSchema, body);
  }

  @Put(':name/document')
  @ApiBody({ schema: { type: 'object' } })
  @ApiConsumes('application/json', 'application/yaml')
  document(@Body() body: unknown): unknown {
    const { mediaType, text } = rawBody(body);
    return { mediaType, text };
  }

  @Delete(':name')
  @Roles('admin')
  @HttpCode(204)
  remove(): void {}

  @Get(':name/fail/:how')
  fail(@Param('how') how: keyof typeof failures): never {
    throw failures[how]();
  }
}

@Module({ controllers: [ThingsController], providers: [Greeter] })
class ThingsModule {}

const lines: string[] = [];
const logger = createLogger({ name: 'test', level: 'debug', destination: { write: (line) => void lines.push(line) } });
const directory = mkdtempSync(join(tmpdir(), 'opendls-http-'));
const keyFile = join(directory, 'api-keys.json');
let databaseIsUp = true;
let api: ApiServer;
const keys = { viewer: '', operator: '', admin: '', expired: '', revoked: '' };

beforeAll(async () => {
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    keys[role] = (await createApiKey(keyFile, { name: role, role })).text;
  }
  keys.expired = (
    await createApiKey(keyFile, { name: 'old', role: 'admin', expiresAt: new Date(Date.now() - 1) })
  ).text;
  const revoked = await createApiKey(keyFile, { name: 'gone', role: 'admin' });
  keys.revoked = revoked.text;
  await revokeApiKey(keyFile, revoked.record.id);
  api = await createApiServer({
    title: 'Things <API>',
    modules: [ThingsModule],
    problems: { 'thing-locked': { status: 409, title: 'The thing is locked' } },
    host: '127.0.0.1',
    port: 0,
    apiKeys: new ApiKeyFile(keyFile, { logger }),
    health: [
      {
        name: 'database',
        check: async () => {
          if (!databaseIsUp) throw new Error('down');
        },
      },
    ],
    metrics: new Registry(),
    logger,
    limits: { maxBodyBytes: 1_000, answerTimeoutMs: 5_000 },
  });
});
afterAll(async () => {
  await api.close();
  rmSync(directory, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  options: { key?: string; body?: string; type?: string } = {},
): Promise<Answer> {
  const headers = new Headers();
  if (options.key !== undefined) headers.set('authorization', `Bearer ${options.key}`);
  if (options.body !== undefined) headers.set('content-type', options.type ?? 'application/json');
  const response = await fetch(`${api.url}${path}`, { method, headers, body: options.body, redirect: 'manual' });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, text, body: isJson ? parseObject(text) : {} };
}

function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('this is no JSON object');
  return { ...value };
}

describe('authentication', () => {
  it.each([
    ['no key', undefined, 'api-key-missing'],
    ['rubbish', 'rubbish', 'api-key-invalid'],
    ['an unknown key', `odls_a_000000000000_${'x'.repeat(43)}`, 'api-key-invalid'],
    ['an expired key', 'expired', 'api-key-expired'],
    ['a revoked key', 'revoked', 'api-key-revoked'],
  ])('answers 401 to %s', async (_title, key, code) => {
    const text = key === 'expired' || key === 'revoked' ? keys[key] : key;
    const answer = await call('GET', '/things/v1/things', { key: text });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(answer.body).toMatchObject({ status: 401, code, type: `urn:opendls:problem:${code}` });
  });

  it('does not accept a key whose secret is another', async () => {
    const other = keys.admin.slice(0, -4) + (keys.admin.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    expect((await call('GET', '/things/v1/things', { key: other })).body['code']).toBe('api-key-invalid');
  });

  it('holds roles: viewers read, operators write, a handler may ask for more', async () => {
    expect((await call('GET', '/things/v1/things/x', { key: keys.viewer })).body).toEqual({ greeting: 'hello x' });
    const body = JSON.stringify({ name: 'xy', pwd: 'geheim-geheim' });
    const refused = await call('PUT', '/things/v1/things/x', { key: keys.viewer, body });
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ code: 'forbidden' });
    expect((await call('PUT', '/things/v1/things/x', { key: keys.operator, body })).status).toBe(200);
    expect((await call('DELETE', '/things/v1/things/x', { key: keys.operator })).status).toBe(403);
    expect((await call('DELETE', '/things/v1/things/x', { key: keys.admin })).status).toBe(204);
  });

  it('notices a new and a revoked key without a restart', async () => {
    const made = await createApiKey(keyFile, { name: 'late', role: 'viewer' });
    await until(async () => (await call('GET', '/things/v1/things', { key: made.text })).status === 200);
    await revokeApiKey(keyFile, made.record.id);
    await until(async () => (await call('GET', '/things/v1/things', { key: made.text })).status === 401);
  });

  it('never logs a key, but who wrote', () => {
    expect(lines.join('')).not.toContain(keys.operator.slice(-20));
    expect(lines.filter((line) => line.includes('API write')).map(parseObject)).toContainEqual(
      expect.objectContaining({ method: 'PUT', keyName: 'operator', status: 200, log: 'audit' }),
    );
  });
});

describe('input', () => {
  it('lists every issue by path and repeats no value', async () => {
    const answer = await call('PUT', '/things/v1/things/x', {
      key: keys.admin,
      body: '{"name":"x","pwd":"geheim","size":"big"}',
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'validation-failed' });
    expect((answer.body['errors'] as { path: string }[]).map(({ path }) => path)).toEqual(['name', 'pwd', 'size']);
    expect(answer.text).not.toContain('geheim');
  });

  it.each([
    ['malformed JSON', '{"name": geheim', 'application/json', 400, 'malformed-body'],
    ['an empty body', ' ', 'application/json', 400, 'body-missing'],
    ['a prototype key', '{"__proto__": {"admin": true}}', 'application/json', 400, 'malformed-body'],
    ['YAML where JSON is expected', 'name: x', 'application/yaml', 415, 'unsupported-media-type'],
    ['a form', 'name=x', 'application/x-www-form-urlencoded', 415, 'unsupported-media-type'],
    ['a PNG', '\x89PNG', 'image/png', 415, 'unsupported-media-type'],
    ['a broken type', '{}', 'rubbish', 415, 'unsupported-media-type'],
    ['a body over the limit', `"${'x'.repeat(1_000)}"`, 'application/json', 413, 'body-too-large'],
  ])('refuses %s', async (_title, body, type, status, code) => {
    const answer = await call('PUT', '/things/v1/things/x', { key: keys.admin, body, type });
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('geheim');
  });

  it('refuses bytes that are no text', async () => {
    const response = await fetch(`${api.url}/things/v1/things/x`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' },
      body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
    });
    expect(await response.json()).toMatchObject({ status: 400, code: 'malformed-body' });
  });

  it.each(['application/yaml', 'text/yaml', 'application/x-yaml', 'application/yaml; charset=utf-8'])(
    'hands %s on as it arrived',
    async (type) => {
      const text = 'kind: Policy # ä\n';
      const answer = await call('PUT', '/things/v1/things/x/document', { key: keys.admin, body: text, type });
      expect(answer.body).toEqual({ mediaType: 'yaml', text });
    },
  );

  it('takes a body at the limit', async () => {
    const body = `"${'x'.repeat(998)}"`;
    const answer = await call('PUT', '/things/v1/things/x/document', { key: keys.admin, body });
    expect(answer.body).toEqual({ mediaType: 'json', text: body });
  });

  it('checks the query', async () => {
    const good = await call('GET', '/things/v1/things?limit=2&name=x', { key: keys.viewer });
    expect(good.body['query']).toEqual({ limit: 2, name: 'x' });
    const bad = await call('GET', '/things/v1/things?limit=0', { key: keys.viewer });
    expect(bad.body).toMatchObject({ code: 'validation-failed', errors: [{ path: 'limit' }] });
  });
});

describe('problems', () => {
  it.each([
    ['GET', '/nothing/here', 404, 'not-found'],
    ['POST', '/things/v1/things', 405, 'method-not-allowed'],
    ['POST', '/health/live', 405, 'method-not-allowed'],
    ['GET', '/things/v1/things/%zz', 400, 'malformed-url'],
    ['GET', '/things/v1/things/a%00b', 400, 'malformed-url'],
  ])('answers %s %s with %i %s', async (method, path, status, code) => {
    const answer = await call(method, path, { key: keys.admin });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, code, requestId: answer.headers.get('x-request-id') });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('names the possible methods', async () => {
    expect((await call('POST', '/things/v1/things/x')).headers.get('allow')).toBe('DELETE, GET, HEAD, PUT');
  });

  it.each([
    ['missing', 404, 'thing-not-found'],
    ['known', 409, 'thing-locked'],
    ['database', 503, 'database-unavailable'],
    ['bug', 500, 'internal-error'],
  ])('answers a %s error with %i %s and nothing of its inside', async (how, status, code) => {
    const answer = await call('GET', `/things/v1/things/x/fail/${how}`, { key: keys.viewer });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.text).not.toMatch(/secret|ECONNREFUSED|10\.0\.0\.1|stack/);
    if (status === 503) expect(answer.headers.get('retry-after')).toBe('5');
  });

  it('logs an unforeseen error once, with the id that the client got', async () => {
    const answer = await call('GET', '/things/v1/things/x/fail/bug', { key: keys.viewer });
    const logged = lines.filter(
      (line) => line.includes(String(answer.body['requestId'])) && line.includes('internals'),
    );
    expect(logged).toHaveLength(1);
  });

  it('answers what is not HTTP at all with a problem', async () => {
    const text = await talk('GARBAGE\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('"code":"bad-request"');
  });

  it('counts what is not HTTP', async () => {
    const counted = async (): Promise<number> => {
      const text = (await call('GET', '/metrics', { key: keys.viewer })).text;
      return Number(/requests_total\{method="other",route="unmatched",status="400"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    const before = await counted();
    await talk('GARBAGE\r\n\r\n');
    expect(await counted()).toBe(before + 1);
  });

  it.each([
    ['a body over the limit', true, 413],
    ['a body without a key', false, 401],
  ])('answers %s also to a client that is not listening yet', async (_title, hasKey, status) => {
    const key = hasKey ? `authorization: Bearer ${keys.admin}\r\n` : '';
    const head = `PUT /things/v1/things/x HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${key}`;
    const text = await talk(`${head}content-length: 8000000\r\nconnection: close\r\n\r\n${'x'.repeat(8_000_000)}`);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('refuses headers that are too large', async () => {
    const text = await talk(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('docs, health, metrics', () => {
  it('shows a document made of the schemas that are checked, without a key', async () => {
    const { body } = await call('GET', '/openapi.json');
    expect(body).toMatchObject({ openapi: '3.0.0', security: [{ apiKey: [] }] });
    expect(body['paths']).toMatchObject({
      '/things/v1/things': {
        get: { parameters: [{ name: 'limit', in: 'query', required: false }, { name: 'cursor' }, { name: 'name' }] },
      },
      '/things/v1/things/{name}': {
        put: {
          requestBody: { content: { 'application/json': { schema: { required: ['name', 'pwd'] } } } },
          responses: {
            default: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
          },
        },
      },
      '/things/v1/things/{name}/document': { put: { requestBody: { content: { 'application/yaml': {} } } } },
    });
  });

  it('has a page whose every part comes from this server', async () => {
    expect((await call('GET', '/')).headers.get('location')).toBe('/docs');
    const page = await call('GET', '/docs');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.text).toContain('Things &#60;API&#62;');
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(parts).toHaveLength(4);
    for (const part of parts) {
      expect(part).toMatch(/^\/docs\//);
      expect((await call('GET', part)).status).toBe(200);
    }
    expect((await call('GET', '/docs/package.json')).status).toBe(404);
  });

  it('is alive and ready for everybody, and says which part is missing', async () => {
    expect((await call('GET', '/health/live')).body).toEqual({ status: 'ok' });
    expect((await call('GET', '/health/ready')).body).toEqual({
      status: 'ok',
      checks: [{ name: 'database', status: 'ok' }],
    });
    databaseIsUp = false;
    await until(async () => (await call('GET', '/health/ready')).status === 503);
    expect((await call('GET', '/health/ready')).body).toEqual({
      status: 'failing',
      checks: [{ name: 'database', status: 'failing' }],
    });
    databaseIsUp = true;
    await until(async () => (await call('GET', '/health/ready')).status === 200);
  });

  it('shows metrics to viewers only', async () => {
    expect((await call('GET', '/metrics')).body).toMatchObject({ status: 401, code: 'api-key-missing' });
    const { text } = await call('GET', '/metrics', { key: keys.viewer });
    expect(text).toContain('opendls_http_requests_total{method="GET",route="/things/v1/things/:name",status="200"}');
    expect(text).toMatch(/opendls_auth_failures_total\{code="api-key-expired"\} \d/);
    expect(text).toContain('route="unmatched",status="404"');
    expect(text).toContain('process_cpu_user_seconds_total');
  });
});

describe('life', () => {
  it('says which port is taken', async () => {
    const options = {
      host: '127.0.0.1',
      port: api.port,
      apiKeys: { authenticate: () => ({ ok: false, code: 'api-key-invalid' }) as const },
      health: [],
      logger,
    };
    const attempt = createOpsServer({ ...options, metrics: new Registry() });
    await expect(attempt).rejects.toThrow(ListenError);
    await expect(createOpsServer({ ...options, metrics: new Registry() })).rejects.toThrow(
      `port ${api.port} on 127.0.0.1 is already in use`,
    );
  });

  it('may share a registry with another server of the process', async () => {
    const apiKeys = new ApiKeyFile(keyFile, { logger });
    const options = { host: '127.0.0.1', port: 0, apiKeys, health: [], metrics: new Registry(), logger };
    const servers = [await createOpsServer(options), await createOpsServer(options)];
    for (const { url } of servers) expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect(await options.metrics.metrics()).toContain('opendls_auth_failures_total{code="api-key-missing"} 2');
    await Promise.all(servers.map((server) => server.close()));
  });

  it('serves health and metrics without an API, and stops', async () => {
    const apiKeys = new ApiKeyFile(keyFile, { logger });
    const ops = await createOpsServer({
      host: '127.0.0.1',
      port: 0,
      apiKeys,
      health: [],
      metrics: new Registry(),
      logger,
    });
    expect((await fetch(`${ops.url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${ops.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${ops.url}/metrics`, { headers: { authorization: `Bearer ${keys.viewer}` } })).status).toBe(
      200,
    );
    expect(await (await fetch(`${ops.url}/docs`)).json()).toMatchObject({ status: 404, code: 'not-found' });
    await Promise.all([ops.close(), ops.close()]);
    await expect(fetch(`${ops.url}/health/live`)).rejects.toThrow();
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not become true');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function talk(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(api.port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}
