import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Controller, Get, Module, Put } from '@nestjs/common';
import { silentLogger } from '@opendls/logging';
import { Registry } from 'prom-client';
import type { ApiKeySource } from '../auth/api-key-source.js';
import { createApiServer, type ApiServer } from './create-api-server.js';
import type { HttpLimits } from './http-server-options.js';

let entered: (() => void) | undefined;
let finish: (() => void) | undefined;

@Controller('slow')
class SlowController {
  @Get()
  async wait(): Promise<unknown> {
    const finished = new Promise<void>((resolve) => (finish = resolve));
    entered?.();
    await finished;
    return { done: true };
  }

  @Put()
  put(): void {}
}

@Module({ controllers: [SlowController] })
class SlowModule {}

const apiKeys: ApiKeySource = {
  authenticate: (text) =>
    text === 'good'
      ? { ok: true, key: { id: '000000000000', name: 'test', role: 'admin' } }
      : { ok: false, code: 'api-key-invalid' },
};
const open: ApiServer[] = [];
afterEach(async () => {
  finish?.();
  await Promise.all(open.splice(0).map((api) => api.close()));
});

async function start(limits: Partial<HttpLimits>, metrics = new Registry()): Promise<ApiServer> {
  const options = { title: 'Slow', modules: [SlowModule], host: '127.0.0.1', port: 0, health: [], metrics, apiKeys };
  const api = await createApiServer({ ...options, logger: silentLogger(), limits });
  open.push(api);
  return api;
}

function ask(api: ApiServer, key = 'good'): Promise<Response> {
  return fetch(`${api.url}/slow`, { headers: { authorization: `Bearer ${key}` } });
}

function untilEntered(): Promise<void> {
  return new Promise((resolve) => (entered = resolve));
}

async function dial(api: ApiServer, text: string): Promise<Socket> {
  const socket = connect(api.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

async function received(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  await once(socket, 'close');
  return text;
}

describe('limits', () => {
  it('answers 503 when a handler takes too long', async () => {
    const api = await start({ answerTimeoutMs: 30 });
    const response = await ask(api);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'handler-timeout' });
  });

  it('gives up on a body that does not arrive', async () => {
    const api = await start({ requestTimeoutMs: 50 });
    const socket = await dial(
      api,
      'PUT /slow HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request-timeout"/);
  });

  it('refuses a stranger before reading the body', async () => {
    const api = await start({});
    const socket = await dial(
      api,
      'PUT /slow HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer]; // the first chunk
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });

  it('answers 429 to an address that keeps failing, and still serves its valid keys', async () => {
    const metrics = new Registry();
    const api = await start({ authFailures: { burst: 2, perSecond: 0, maxAddresses: 10 } }, metrics);
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await ask(api, 'bad')).status);
    expect(statuses).toEqual([401, 401, 429, 429]);
    const good = ask(api);
    await untilEntered();
    finish?.();
    expect((await good).status).toBe(200);
    expect(await metrics.metrics()).toContain('opendls_auth_failures_total{code="api-key-invalid"} 4');
  });
});

describe('close', () => {
  it('lets a request in flight finish', async () => {
    const api = await start({});
    const answer = ask(api);
    await untilEntered();
    const closed = api.close();
    await expect(fetch(`${api.url}/health/live`)).rejects.toThrow();
    finish?.();
    expect(await (await answer).json()).toEqual({ done: true });
    await closed;
  });

  it('cuts what does not finish within the deadline', async () => {
    const api = await start({ closeTimeoutMs: 20 });
    const answer = ask(api);
    await untilEntered();
    await api.close();
    await expect(answer).rejects.toThrow();
  });
});
