import { jest } from '@jest/globals';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodeWorkpointMessage } from '@opendls/dls-codec';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { OrderDesk } from '../test/order-desk.js';
import { basicItems, exchange, message, PATH, send, type RawOptions } from '../test/raw-phone.js';
import { startTestGateway, until, type TestGateway } from '../test/test-gateway.js';

jest.setTimeout(30_000);

let bus: InMemoryEventBus;
let gateway: TestGateway;
let desk: OrderDesk;

beforeAll(async () => {
  bus = new InMemoryEventBus();
  desk = await new OrderDesk(bus).start();
  gateway = await startTestGateway(bus, {
    phones: { maxConnectionsPerAddress: 20 },
    requests: { handshakeTimeoutMs: 500, headersTimeoutMs: 500, requestTimeoutMs: 2_000, keepAliveTimeoutMs: 1_000 },
  });
});

afterAll(async () => {
  await gateway.close();
  await desk.close();
  await bus.close();
});

/** The phone that everybody else depends on is answered after whatever happened. */
afterEach(async () => {
  expect((await exchange(gateway.phonesUrl, message())).action).toBe('CleanUp');
});

const valid = (): string => encodeWorkpointMessage(message());
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), Buffer.alloc(500, 7)]);

describe('requests that are not a phone’s get a plain HTTP error', () => {
  it.each<[string, number, string, string | Buffer, RawOptions]>([
    ['another path', 404, 'not-found', valid(), { path: '/' }],
    ['a path that only begins alike', 404, 'not-found', valid(), { path: `${PATH}/x` }],
    ['GET', 405, 'method-not-allowed', '', { method: 'GET' }],
    ['PUT', 405, 'method-not-allowed', valid(), { method: 'PUT' }],
    ['garbage', 400, 'not-a-message', 'hello there', {}],
    ['an empty body', 400, 'not-a-message', '', {}],
    ['a PNG', 415, 'not-xml', PNG, { headers: { 'Content-Type': 'image/png' } }],
    ['a PNG that says it is XML', 400, 'not-a-message', PNG, {}],
    ['a form', 415, 'not-xml', 'a=b', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }],
    ['truncated XML without a nonce', 400, 'not-a-message', '<WorkpointMessage><Mess', {}],
    ['a missing nonce', 400, 'missing-nonce', valid().replace(/nonce="[^"]*"/, ''), {}],
    ['another root', 400, 'wrong-root', valid().replaceAll('WorkpointMessage', 'Envelope'), {}],
    [
      'a message of a service',
      400,
      'wrong-root',
      '<DLSMessage><Message nonce="A"><Action>CleanUp</Action></Message></DLSMessage>',
      {},
    ],
    [
      'an entity bomb',
      400,
      'not-a-message',
      '<!DOCTYPE x [<!ENTITY a "aaaa">]><WorkpointMessage>&a;</WorkpointMessage>',
      {},
    ],
    ['an expectation nobody can meet', 417, 'expectation-failed', valid(), { headers: { Expect: '200-maybe' } }],
    ['an endless nonce', 400, 'not-a-message', encodeWorkpointMessage(message({ nonce: 'N'.repeat(500) })), {}],
  ])('%s', async (_name, status, code, body, options) => {
    const before = await refusals(code);
    const answer = await send(gateway.phonesUrl, body, options);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('text/plain; charset=UTF-8');
    expect(answer.headers['content-length']).toBe(String(answer.text.length));
    expect(answer.headers.connection).toBe('close');
    expect(answer.text).toMatch(/^[a-z ]{5,40}\n$/);
    expect(await refusals(code)).toBe(before + 1);
    if (status === 405) expect(answer.headers.allow).toBe('POST');
  });

  it('a 10 MB body, declared or not', async () => {
    const body = Buffer.alloc(10_000_000, 'x');
    expect((await send(gateway.phonesUrl, body)).status).toBe(413);
    const chunked = await send(gateway.phonesUrl, body, { isChunked: true });
    expect(chunked.status).toBe(413);
    expect(await refusals('body-too-large')).toBe(2);
  });

  it('a body one byte over the limit, but not one at the limit', async () => {
    const padded = (bytes: number): string => valid().padEnd(bytes, ' ');
    expect((await send(gateway.phonesUrl, padded(1_048_576))).status).toBe(200);
    expect((await send(gateway.phonesUrl, padded(1_048_577))).status).toBe(413);
  });

  it.each([
    ['a slow body', `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<Workpoint`, /^HTTP\/1\.1 408 /],
    ['slow headers', `POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-A: `, /^HTTP\/1\.1 408 /],
    ['what is no HTTP', 'HELO example.org\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['endless headers', `POST ${PATH} HTTP/1.1\r\nX-A: ${'a'.repeat(40_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
  ])('%s', async (_name, text, expected) => {
    expect(await converse(text)).toMatch(expected);
  });

  it.each([
    ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405, 'method-not-allowed'],
    ['what is no HTTP, going on and on', 'HELO example.org\r\n\r\n'.repeat(20_000), 400, 'malformed-http'],
  ])('%s, counted once', async (_name, text, status, code) => {
    const before = await refusals(code);
    expect(await converse(text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(await refusals(code)).toBe(before + 1);
  });

  it('a connection that never begins TLS, and one that speaks plain HTTP', async () => {
    for (const text of ['', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n']) {
      const { port } = new URL(gateway.phonesUrl);
      const socket = connectTcp(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(text);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await until(() => gateway.logLines.some((line) => line.includes('TLS handshake failed')), 'logged');
  });

  it('large bodies that do not end, on all connections there may be', async () => {
    const maxBodyBytes = 200_000;
    const other = await startTestGateway(bus, { requests: { maxBodyBytes } });
    const { port } = new URL(other.phonesUrl);
    const head = `POST ${PATH} HTTP/1.1\r\nContent-Length: ${maxBodyBytes}\r\n\r\n`;
    const body = Buffer.alloc(maxBodyBytes - 1, ' ');
    const sockets = Array.from({ length: 250 }, () => {
      const socket = connectTls({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
      socket.on('error', () => undefined);
      socket.on('secureConnect', () => socket.write(head) && socket.write(body));
      return socket;
    });
    const answer = new Promise<string>((resolve) =>
      sockets.forEach((one) => one.once('data', (d) => resolve(String(d)))),
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 503 /);
    expect((await exchange(other.phonesUrl, message())).action).toBe('CleanUp');
    for (const socket of sockets) socket.destroy();
    await other.close();
  });

  it('more connections than an address may have', async () => {
    const { port } = new URL(gateway.phonesUrl);
    const sockets = Array.from({ length: 30 }, () => connectTcp(Number(port), '127.0.0.1'));
    let closed = 0;
    for (const socket of sockets) socket.on('error', () => undefined).on('close', () => closed++);
    await until(() => closed >= 10, 'connections refused');
    for (const socket of sockets) socket.destroy();
    await until(() => closed === 30, 'connections closed');
    expect(await gateway.metrics.metrics()).toMatch(
      /connections_refused_total\{listener="default",cause="address"\} [1-9]/,
    );
  });
});

describe('a phone always gets 200 with a DLSMessage', () => {
  it('also without a Host header', async () => {
    const body = valid();
    const head = `POST ${PATH} HTTP/1.1\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
    expect(await converse(head + body)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    ['a MAC that is no MAC', message({ items: basicItems('not/a/mac') }), 'invalid-identity'],
    ['no MAC', message({ items: [{ name: 'e164', value: '1' }] }), 'invalid-identity'],
    [
      'a MAC it could not read',
      message({ items: [{ name: 'mac-addr', value: '', status: 'failed' }] }),
      'invalid-identity',
    ],
    [
      'a reply without a session',
      message({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted', items: [] }),
      'no-session',
    ],
    ['clean-up without a session', message({ reason: 'clean-up', items: [] }), 'no-session'],
  ])('%s is told to end', async (_name, sent, code) => {
    const before = await refusals(code);
    const { action, nonce, items, cookie } = await exchange(gateway.phonesUrl, sent);
    expect([action, nonce, items, cookie]).toEqual(['CleanUp', sent.nonce, undefined, undefined]);
    expect(await refusals(code)).toBe(before + 1);
  });

  it('an unknown reason, and a broken message whose nonce can be read', async () => {
    const unknown = await send(gateway.phonesUrl, valid().replace('start-up', 'bored'));
    expect([unknown.status, unknown.text]).toEqual([200, expect.stringContaining('CleanUp')]);
    const broken = await send(gateway.phonesUrl, valid().replace('</ItemList>', ''));
    expect([broken.status, broken.text]).toEqual([200, expect.stringContaining('CleanUp')]);
    expect(await refusals('unusable-message')).toBe(1);
  });

  it('a session that is not ours', async () => {
    const reply = message({ reason: 'reply-to', action: 'ReadAllItems', status: 'accepted', items: [] });
    for (const cookie of [
      'JSESSIONID=4B1F0C77A2D94E36B05512EE90C3D8A1',
      'JSESSIONID=k1.WzFd.AAAA',
      'x'.repeat(9_000),
      ';;=;',
    ]) {
      expect((await exchange(gateway.phonesUrl, reply, { cookie })).action).toBe('CleanUp');
    }
  });

  it('an item of a client without a MAC is a phone of its own', async () => {
    await exchange(gateway.phonesUrl, message({ items: basicItems('SoftClient-7') }));
    expect(desk.ofType('opendls.gateway.device-started').some(({ subject }) => subject === 'id-softclient-7')).toBe(
      true,
    );
  });

  it('tells refusals as events, at a limited rate', async () => {
    await Promise.all(
      Array.from({ length: 15 }, () => exchange(gateway.phonesUrl, message({ items: basicItems('///') }))),
    );
    await until(() => desk.ofType('opendls.gateway.contact-refused').length > 0, 'refusals told');
    const told = desk.ofType('opendls.gateway.contact-refused').filter(({ data }) => data.code === 'invalid-identity');
    for (const { data, subject } of told) expect([subject, data.deviceId]).toEqual(['id-unidentified', null]);
  });
});

async function refusals(code: string): Promise<number> {
  const text = await gateway.metrics.metrics();
  return Number(new RegExp(`refusals_total\\{listener="default",code="${code}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

/** Sends some bytes over TLS and collects what comes until the connection ends. */
function converse(text: string): Promise<string> {
  const { port } = new URL(gateway.phonesUrl);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connectTls({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }, () =>
      socket.write(text),
    );
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}
