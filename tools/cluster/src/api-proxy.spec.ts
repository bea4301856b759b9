import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { startApiProxy, type ApiProxy } from './api-proxy.js';

const REFUSED_BYTES = 20_000_001;

/** What a backend got to see. */
interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

let backend: http.Server;
let stranger: http.Server;
let proxy: ApiProxy;
let isUp = true;
const seen: Seen[] = [];
const strangerSaw: (string | undefined)[] = [];

beforeAll(async () => {
  backend = http.createServer((request, response) => {
    // An upload that is refused by its length, as the services refuse it.
    if (Number(request.headers['content-length'] ?? 0) === REFUSED_BYTES) {
      response.writeHead(413).end('too large');
      return;
    }
    if (request.url === '/inventory/large') {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => response.end(String(bytes)));
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, authorization: request.headers.authorization, body });
      response.end('fine');
    });
  });
  stranger = http.createServer((request, response) => {
    strangerSaw.push(request.headers.authorization);
    response.end('caught');
  });
  for (const server of [backend, stranger]) await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${portOf(backend)}`;
  const backends = [{ name: 'inventory', prefix: '/inventory', url: () => (isUp ? url : undefined) }] as const;
  proxy = await startApiProxy({ host: '127.0.0.1', port: 0, backends: [...backends] });
});

afterAll(async () => {
  await proxy.close();
  for (const server of [backend, stranger]) {
    server.closeAllConnections();
    server.close();
  }
});

afterEach(() => void seen.splice(0));

function portOf(server: http.Server): number {
  return (server.address() as AddressInfo).port;
}

/** Sends some bytes and collects the answer until the connection ends. */
async function talk(text: string): Promise<string> {
  const socket = net.connect(proxy.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

const KEY = 'Host: x\r\nAuthorization: Bearer geheim\r\nConnection: close\r\n';

describe('a large body', () => {
  const put = (path: string, bytes: number): Promise<Response> =>
    fetch(`http://127.0.0.1:${proxy.port}${path}`, { method: 'PUT', body: new Uint8Array(bytes) });

  it('is passed on as it arrives', async () => {
    expect(await (await put('/inventory/large', 50_000_000)).text()).toBe('50000000');
  });

  it('that is refused before its end gets the answer', async () => {
    const response = await put('/inventory/large', REFUSED_BYTES);
    expect([response.status, await response.text()]).toEqual([413, 'too large']);
  });
});

describe('the API proxy', () => {
  it('passes path, query, key and body on', async () => {
    const answer = await talk(`PUT /inventory/v1/a%2Fb?x=%20 HTTP/1.1\r\n${KEY}Content-Length: 4\r\n\r\nbody`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen).toEqual([
      { method: 'PUT', url: '/inventory/v1/a%2Fb?x=%20', authorization: 'Bearer geheim', body: 'body' },
    ]);
  });

  it.each([
    ['two slashes', '//'],
    ['a host after two slashes', '//%HOST%/inventory/v1/devices'],
    ['an absolute URL', 'http://%HOST%/inventory/v1/devices'],
    ['no path', '*'],
    ['something that is no URL', 'http://['],
  ])('answers %s with 400, and the key goes nowhere', async (_name, target) => {
    const url = target.replace('%HOST%', `127.0.0.1:${portOf(stranger)}`);
    const answer = await talk(`GET ${url} HTTP/1.1\r\n${KEY}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"malformed-url"');
    expect([seen, strangerSaw]).toEqual([[], []]);
  });

  it.each(['GET', 'DELETE'])('keeps a chunked body of %s from becoming a request of its own', async (method) => {
    const smuggled = 'DELETE /inventory/v1/devices/x HTTP/1.1\r\nHost: x\r\n\r\n';
    const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
    await talk(`${method} /inventory/v1/devices HTTP/1.1\r\n${KEY}Transfer-Encoding: chunked\r\n\r\n${chunk}`);
    expect(seen.map(({ url, body }) => [url, body])).toEqual([['/inventory/v1/devices', smuggled]]);
  });

  it('says when a service is not there', async () => {
    isUp = false;
    const answer = await talk(`GET /inventory/v1/devices HTTP/1.1\r\n${KEY}\r\n`);
    isUp = true;
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toContain('"code":"service-unavailable"');
  });
});
