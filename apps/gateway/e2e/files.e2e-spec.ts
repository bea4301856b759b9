import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { generateSealingKey, parseSealingKeys } from '@opendls/crypto';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { FileLinks, type FileLink } from '@opendls/file-links';
import type { EdgeConfigInput } from '../src/edge-config.js';
import { FileSourceError, type FileSource, type GatewayConfigInput } from '../src/index.js';
import { send, type RawAnswer, type RawOptions } from '../test/raw-phone.js';
import { SEALING_KEYS, startTestGateway, testCertificate, until, type TestGateway } from '../test/test-gateway.js';

const links = new FileLinks(SEALING_KEYS);
const LOGO = Buffer.from('a small picture, or so it says');
const sha256Of = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

function linkTo(content: Buffer, changes: Partial<FileLink> = {}): FileLink {
  const expiresAt = new Date(Date.now() + 3_600_000);
  return { sha256: sha256Of(content), deviceId: '001ae8005301', fileName: 'logo.png', expiresAt, ...changes };
}

const pathOf = (link: FileLink, keys = links): string =>
  `/files/${keys.sign(link)}/${encodeURIComponent(link.fileName)}`;

/** Contents in memory; counts what is asked of it. */
class TestSource implements FileSource {
  readonly opened: string[] = [];
  readonly contents = new Map<string, Buffer>();
  failure: Error | undefined;
  stream: (content: Buffer) => Readable = (content) => Readable.from([content]);

  add(content: Buffer): this {
    this.contents.set(sha256Of(content), content);
    return this;
  }

  async open(_token: string, { sha256 }: FileLink): Promise<{ size: number; stream: Readable }> {
    this.opened.push(sha256);
    if (this.failure) throw this.failure;
    const content = this.contents.get(sha256);
    if (content === undefined) throw new FileSourceError('gone', 'no such content');
    return { size: content.length, stream: this.stream(content) };
  }
}

let bus: InMemoryEventBus;
let directory: string;
let source: TestSource;
const gateways: TestGateway[] = [];
const servers: Server[] = [];

beforeEach(async () => {
  bus = new InMemoryEventBus();
  directory = await mkdtemp(join(tmpdir(), 'opendls-files-'));
  source = new TestSource().add(LOGO);
});

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await bus.close();
  await rm(directory, { recursive: true });
});

async function start(
  files: EdgeConfigInput['files'] = {},
  config: Partial<Omit<GatewayConfigInput, 'phones'>> = {},
  fileSource: FileSource | undefined = source,
): Promise<TestGateway> {
  const gateway = await startTestGateway(
    bus,
    { shutdownTimeoutMs: 500, ...config, files: { cacheDir: directory, ...files } },
    { fileSource },
  );
  gateways.push(gateway);
  return gateway;
}

function get(
  url: string,
  path: string,
  headers: Record<string, string> = {},
  options: RawOptions = {},
): Promise<RawAnswer> {
  return send(url, '', { method: 'GET', path, headers, ...options });
}

async function metric(gateway: TestGateway, line: string): Promise<boolean> {
  return (await gateway.metrics.metrics()).split('\n').includes(line);
}

describe('files for phones', () => {
  it('are sent whole, with length, type and tag, and fetched once', async () => {
    const { phonesUrl } = await start();
    for (let count = 0; count < 2; count++) {
      const answer = await get(phonesUrl, pathOf(linkTo(LOGO)));
      expect(answer).toMatchObject({ status: 200, text: LOGO.toString() });
      expect(answer.headers).toMatchObject({
        'content-length': String(LOGO.length),
        'content-type': 'image/png',
        'x-content-type-options': 'nosniff',
        'accept-ranges': 'bytes',
        etag: `"${sha256Of(LOGO)}"`,
      });
      expect(answer.headers['transfer-encoding']).toBeUndefined();
    }
    expect(source.opened).toHaveLength(1);
  });

  it('are told of by HEAD, without the content', async () => {
    const { phonesUrl } = await start();
    const answer = await get(phonesUrl, pathOf(linkTo(LOGO)), {}, { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(answer.headers['content-length']).toBe(String(LOGO.length));
  });

  it('may be empty, and may have any name', async () => {
    const { phonesUrl } = await start();
    source.add(Buffer.alloc(0));
    expect(await get(phonesUrl, pathOf(linkTo(Buffer.alloc(0))))).toMatchObject({ status: 200, text: '' });
    const fileName = 'Grüße & 100%?#.wav';
    const answer = await get(phonesUrl, pathOf(linkTo(LOGO, { fileName })));
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'audio/wav' } });
  });

  it.each([
    ['bytes=0-6', 206, 'a small', 'bytes 0-6/30'],
    ['bytes=2-', 206, LOGO.subarray(2).toString(), 'bytes 2-29/30'],
    ['bytes=-4', 206, 'says', 'bytes 26-29/30'],
    ['bytes=-900', 206, LOGO.toString(), 'bytes 0-29/30'],
    ['bytes=29-999999999999999', 206, 's', 'bytes 29-29/30'],
    ['bytes=30-', 416, '', 'bytes */30'],
    ['bytes=-0', 416, '', 'bytes */30'],
    ['bytes=0-1,4-5', 200, LOGO.toString(), undefined],
    [`bytes=${'0-0,'.repeat(20)}0-0`, 200, LOGO.toString(), undefined],
    ['bytes=5-2', 200, LOGO.toString(), undefined],
    ['bytes=99999999999999999999-', 200, LOGO.toString(), undefined],
    ['lines=0-1', 200, LOGO.toString(), undefined],
    ['bytes=x', 200, LOGO.toString(), undefined],
  ])('answer the range %s with %s', async (range, status, text, contentRange) => {
    const { phonesUrl } = await start();
    const answer = await get(phonesUrl, pathOf(linkTo(LOGO)), { Range: range });
    expect(answer).toMatchObject({ status, text });
    expect(answer.headers['content-range']).toBe(contentRange);
    expect(answer.headers['content-length']).toBe(String(text.length));
  });

  it('are sent anew to who has part of another version, and not at all to who has this one', async () => {
    const { phonesUrl } = await start();
    const path = pathOf(linkTo(LOGO));
    const tag = `"${sha256Of(LOGO)}"`;
    expect(await get(phonesUrl, path, { Range: 'bytes=0-0', 'If-Range': tag })).toMatchObject({ status: 206 });
    expect(await get(phonesUrl, path, { Range: 'bytes=0-0', 'If-Range': '"other"' })).toMatchObject({ status: 200 });
    const unchanged = await get(phonesUrl, path, { 'If-None-Match': `"x", W/${tag}` });
    expect(unchanged).toMatchObject({ status: 304, text: '' });
    expect(await get(phonesUrl, path, { 'If-None-Match': '"x"' })).toMatchObject({ status: 200 });
  });

  it('are only for who has a good link', async () => {
    const gateway = await start();
    const { phonesUrl } = gateway;
    const good = linkTo(LOGO);
    const token = links.sign(good);
    const stranger = new FileLinks(parseSealingKeys(generateSealingKey('k1')));
    const expired = pathOf(linkTo(LOGO, { expiresAt: new Date(Date.now() - 1_000) }));
    const paths = [
      '/files/',
      '/files//logo.png',
      '/files/x/logo.png',
      `/files/${token}`,
      `/files/${token}/`,
      `/files/${token}/other.png`,
      `/files/${token}/logo.png/`,
      `/files/${token}/..%2f..%2fetc%2fpasswd`,
      `/files/${token}/%2e%2e/logo.png`,
      `/files/${token}/%`,
      `/files/..%2f${token}/logo.png`,
      pathOf(good, stranger),
      pathOf(good).replace('logo.png', 'logo.PNG'),
    ];
    // Paths as they are: an URL object would tidy them up.
    for (const path of paths)
      expect([path, (await rawGet(phonesUrl, path)).slice(0, 12)]).toEqual([path, 'HTTP/1.1 404']);
    expect(await get(phonesUrl, expired)).toMatchObject({ status: 410 });
    expect(source.opened).toEqual([]);
    expect(
      await metric(gateway, `opendls_gateway_file_requests_total{listener="default",outcome="link-expired"} 1`),
    ).toBe(true);
    const link = `opendls_gateway_file_requests_total{listener="default",outcome="link-invalid"} ${paths.length}`;
    expect(await metric(gateway, link)).toBe(true);
  });

  it('take GET and HEAD', async () => {
    const { phonesUrl } = await start();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await get(phonesUrl, pathOf(linkTo(LOGO)), {}, { method });
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    }
  });

  it('answer 503 while the source is down, and go on when it is back', async () => {
    const gateway = await start();
    source.failure = new Error('down');
    const refused = await get(gateway.phonesUrl, pathOf(linkTo(LOGO)));
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
    expect(
      await metric(gateway, `opendls_gateway_file_requests_total{listener="default",outcome="file-unavailable"} 1`),
    ).toBe(true);
    source.failure = undefined;
    expect(await get(gateway.phonesUrl, pathOf(linkTo(LOGO)))).toMatchObject({ status: 200 });
  });

  it('answer 404 when the content is gone, and 503 when nobody said where contents are', async () => {
    const { phonesUrl } = await start();
    expect(await get(phonesUrl, pathOf(linkTo(Buffer.from('gone'))))).toMatchObject({ status: 404 });
    const other = await startTestGateway(bus, { files: { cacheDir: directory } });
    gateways.push(other);
    expect(await get(other.phonesUrl, pathOf(linkTo(Buffer.from('gone'))))).toMatchObject({ status: 503 });
  });

  it('are never served in part or changed', async () => {
    const { phonesUrl } = await start();
    const streams = [
      (content: Buffer) => Readable.from([content.subarray(0, 10)]),
      (content: Buffer) => Readable.from([content, Buffer.from('more')]),
      () => Readable.from([Buffer.alloc(LOGO.length)]),
      (content: Buffer) =>
        Readable.from(
          (async function* () {
            yield content.subarray(0, 10);
            throw new Error('connection lost');
          })(),
        ),
    ];
    for (const stream of streams) {
      source.stream = stream;
      expect(await get(phonesUrl, pathOf(linkTo(LOGO)))).toMatchObject({ status: 503 });
    }
    expect(await readdir(directory)).toEqual([]);
  });

  it('are fetched once, however many phones come at a time', async () => {
    const { phonesUrl } = await start();
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    source.stream = (content) =>
      Readable.from(
        (async function* () {
          await opened;
          yield content;
        })(),
      );
    const answers = Array.from({ length: 10 }, (_, at) =>
      get(phonesUrl, pathOf(linkTo(LOGO, { deviceId: `00000000000${at}` }))),
    );
    await until(() => source.opened.length > 0, 'the fetch');
    open();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(source.opened).toHaveLength(1);
  });

  it('survive a restart, and are fetched anew when the disk has something else', async () => {
    await get((await start()).phonesUrl, pathOf(linkTo(LOGO)));
    await gateways.pop()?.close();
    const again = await start();
    expect(await get(again.phonesUrl, pathOf(linkTo(LOGO)))).toMatchObject({ status: 200, text: LOGO.toString() });
    expect(source.opened).toHaveLength(1);
    await writeFile(join(directory, sha256Of(LOGO)), LOGO.subarray(0, 7));
    expect(await get(again.phonesUrl, pathOf(linkTo(LOGO)))).toMatchObject({ status: 200, text: LOGO.toString() });
    expect(source.opened).toHaveLength(2);
  });

  it('have a bounded cache, which loses first what was used longest ago', async () => {
    const size = 400_000;
    const [a, b, c] = [randomBytes(size), randomBytes(size), randomBytes(size)];
    [a, b, c].forEach((content) => source.add(content));
    const { phonesUrl } = await start({ cacheBytes: 1_000_000 });
    for (const content of [a, b, a, c]) expect((await get(phonesUrl, pathOf(linkTo(content)))).status).toBe(200);
    expect(new Set(await readdir(directory))).toEqual(new Set([sha256Of(a), sha256Of(c)]));
    source.add(randomBytes(1));
    const large = randomBytes(1_000_001);
    source.add(large);
    expect((await get(phonesUrl, pathOf(linkTo(large)))).status).toBe(503);
  });

  it('have limits in all, per address and per phone, and cut off who takes nothing', async () => {
    const large = randomBytes(32 * 1_048_576);
    source.add(large);
    const gateway = await start({ maxDownloads: 3, maxDownloadsPerPhone: 2, stallTimeoutMs: 1_500 });
    const path = pathOf(linkTo(large));
    const readers = [slowReader(gateway.phonesUrl, path), slowReader(gateway.phonesUrl, path)];
    const downloads = async (): Promise<boolean> => metric(gateway, 'opendls_gateway_downloads 2');
    while (!(await downloads())) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await get(gateway.phonesUrl, path)).status).toBe(503);
    const other = pathOf(linkTo(LOGO, { deviceId: '001ae8005302' }));
    expect((await get(gateway.phonesUrl, other)).status).toBe(200);
    const before = process.memoryUsage().rss;
    const stalled = 'opendls_gateway_file_requests_total{listener="default",outcome="stalled"} 2';
    while (!(await metric(gateway, stalled))) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
    expect(await metric(gateway, 'opendls_gateway_downloads 0')).toBe(true);
    for (const reader of readers) reader.destroy();
    const { status } = await get(gateway.phonesUrl, path, { Range: 'bytes=0-9' });
    expect(status).toBe(206);
  }, 30_000);

  it('come over TLS 1.0 from the legacy listener', async () => {
    const gateway = await start({}, { legacyPhones: { host: '127.0.0.1', port: 0, tls: await testCertificate() } });
    const tls = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'AES128-SHA:@SECLEVEL=0' } as const;
    const answer = await get(gateway.legacyPhonesUrl ?? '', pathOf(linkTo(LOGO)), {}, { tls });
    expect(answer).toMatchObject({ status: 200, text: LOGO.toString(), protocol: 'TLSv1' });
  });

  it('come from the API of config-policy, with the token as only authorization', async () => {
    const seen: { url: string | undefined; authorization: string | undefined }[] = [];
    let status = 200;
    const upstream = createServer((request, response) => {
      seen.push({ url: request.url, authorization: request.headers.authorization });
      response.writeHead(status, { 'Content-Length': LOGO.length }).end(LOGO);
    });
    servers.push(upstream);
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const sourceUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const gateway = await startTestGateway(bus, { files: { cacheDir: directory, sourceUrl } });
    gateways.push(gateway);
    const path = pathOf(linkTo(LOGO));
    for (const [upstreamStatus, expected] of [
      [404, 404],
      [500, 503],
      [302, 503],
      [200, 200],
    ] as const) {
      status = upstreamStatus;
      expect((await get(gateway.phonesUrl, path)).status).toBe(expected);
    }
    const url = `/config-policy/v1/file-contents/${path.split('/')[2]}`;
    expect(seen).toEqual(Array(4).fill({ url, authorization: undefined }));
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
    expect((await get(gateway.phonesUrl, pathOf(linkTo(Buffer.from('other'))))).status).toBe(503);
    expect((await get(gateway.phonesUrl, path)).status).toBe(200);
  });
});

/** The answer to a request target that is not touched. */
function rawGet(url: string, path: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  });
}

/** Asks, and takes nothing. */
function slowReader(url: string, path: string): Socket {
  const { hostname, port } = new URL(url);
  const tcp = connectTcp({ host: hostname, port: Number(port) });
  const socket = connectTls({ socket: tcp, rejectUnauthorized: false });
  for (const one of [tcp, socket]) one.on('error', () => undefined);
  socket.on('secureConnect', () => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.pause();
    tcp.pause();
  });
  return tcp;
}
