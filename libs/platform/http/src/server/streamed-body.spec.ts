import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { Body, Controller, Get, Module, Param, Put, Res } from '@nestjs/common';
import { createLogger } from '@opendls/logging';
import type { FastifyReply } from 'fastify';
import { Registry } from 'prom-client';
import type { ApiKeySource } from '../auth/api-key-source.js';
import { HTTP_PROBLEMS } from '../problem/http-problems.js';
import { problem } from '../problem/http-problem.js';
import { OpenStream, Streams } from '../input/stream-decorators.js';
import { streamedBody } from '../input/streamed-body.js';
import { createApiServer, type ApiServer } from './create-api-server.js';
import type { HttpLimits } from './http-server-options.js';

const TOO_MANY = 3_000_000;

@Controller('blobs')
class BlobsController {
  @Put(':name')
  @Streams()
  async put(@Body() body: unknown): Promise<unknown> {
    const { declaredBytes, chunks } = bodyOf(body);
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > TOO_MANY) throw problem(HTTP_PROBLEMS, 'body-too-large');
    }
    return { bytes, declaredBytes };
  }

  @Put(':name/plain')
  plain(): unknown {
    return {};
  }

  @Get('open/*')
  @OpenStream()
  open(@Param('*') token: string, @Res() reply: FastifyReply): void {
    if (token !== 'good/token') throw problem(HTTP_PROBLEMS, 'not-found');
    void reply.header('content-length', 5).send(Readable.from([Buffer.from('hello')]));
  }
}

function bodyOf(body: unknown): { declaredBytes: number | undefined; chunks: AsyncIterable<Buffer> } {
  const streamed = streamedBody(body);
  return { declaredBytes: streamed.declaredBytes, chunks: streamed.chunks() };
}

@Module({ controllers: [BlobsController] })
class BlobsModule {}

const apiKeys: ApiKeySource = {
  authenticate: (text) =>
    text === 'good' || text === 'viewer'
      ? { ok: true, key: { id: '000000000000', name: 'test', role: text === 'good' ? 'operator' : 'viewer' } }
      : { ok: false, code: 'api-key-invalid' },
};
const lines: string[] = [];
const logger = createLogger({ name: 'test', level: 'debug', destination: { write: (line) => void lines.push(line) } });
const open: ApiServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()));
});

async function start(limits: Partial<HttpLimits> = {}): Promise<ApiServer> {
  const options = { title: 'Blobs', modules: [BlobsModule], host: '127.0.0.1', port: 0, health: [], apiKeys, logger };
  const api = await createApiServer({ ...options, metrics: new Registry(), limits });
  open.push(api);
  return api;
}

function put(
  api: ApiServer,
  path: string,
  body: Buffer | string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const all = { authorization: 'Bearer good', 'content-type': 'image/png', ...headers };
  return fetch(`${api.url}/blobs/${path}`, {
    method: 'PUT',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: all,
  });
}

describe('streamed bodies', () => {
  it('reach the handler beyond the limit of other bodies, with the length they claim', async () => {
    const api = await start({ maxBodyBytes: 1_000 });
    const response = await put(api, 'x', Buffer.alloc(2_000_000));
    expect(await response.json()).toEqual({ bytes: 2_000_000, declaredBytes: 2_000_000 });
  });

  it('may be left unread: the client gets the answer', async () => {
    const api = await start();
    const response = await put(api, 'x', Buffer.alloc(TOO_MANY + 1_000_000));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'body-too-large' });
  });

  it('are refused for roles that may not write, and for nobody', async () => {
    const api = await start();
    expect((await put(api, 'x', 'abc', { authorization: 'Bearer viewer' })).status).toBe(403);
    expect((await put(api, 'x', 'abc', { authorization: '' })).status).toBe(401);
  });

  it('are not taken where a handler does not stream, and JSON not where it does', async () => {
    const api = await start();
    expect((await put(api, 'x/plain', 'abc')).status).toBe(415);
    expect((await put(api, 'x', '{}', { 'content-type': 'application/json' })).status).toBe(415);
  });

  it('may take longer than other requests, but not for those who are refused', async () => {
    const api = await start({ requestTimeoutMs: 60, answerTimeoutMs: 60, streamTimeoutMs: 5_000 });
    const head = (key: string): string =>
      `PUT /blobs/x HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: image/png\r\ncontent-length: 2\r\n\r\na`;
    const slow = connect(api.port, '127.0.0.1', () => slow.write(head('good')));
    const refused = connect(api.port, '127.0.0.1', () => refused.write(head('bad')));
    let text = '';
    refused.on('data', (data) => (text += data.toString()));
    await once(refused, 'close');
    expect(text).toMatch(/ 40[18] /);
    slow.write('b');
    const [answer] = (await once(slow, 'data')) as [Buffer]; // the first chunk
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    slow.destroy();
  });
});

describe('open streams', () => {
  it('need no key, and their paths are in no log', async () => {
    const api = await start();
    const response = await fetch(`${api.url}/blobs/open/good/token`);
    expect(await response.text()).toBe('hello');
    expect((await fetch(`${api.url}/blobs/open/bad/token`)).status).toBe(404);
    expect(lines.join('')).toContain('/blobs/open/*');
    expect(lines.join('')).not.toContain('/token');
    const link = 'x'.repeat(100);
    expect((await fetch(`${api.url}/elsewhere/${link}/logo.png`)).status).toBe(404);
    expect(lines.join('')).toContain('/elsewhere/…/logo.png');
    expect(lines.join('')).not.toContain(link);
  });
});
