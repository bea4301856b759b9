import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { edgeConfig, type ContactMeConfig } from '../edge-config.js';
import { ContactCaller, type ContactRequest } from './contact-caller.js';
import type { Resolve } from './contact-client.js';

const PATH = '/contact_dls.html/ContactDLS';
const never = new AbortController().signal;
const now = new Date('2026-01-15T08:00:00.000Z');
const closers: (() => void)[] = [];

afterEach(() => closers.splice(0).forEach((close) => close()));

interface Seen {
  readonly request: IncomingMessage;
  readonly body: string;
}

/** A phone's web server. */
async function aPhone(
  answer: (response: ServerResponse) => void = (response) => response.writeHead(204, { Server: 'DlsClient' }).end(),
): Promise<{ readonly port: number; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ request, body });
      answer(response);
    });
  });
  return { port: await listen(server), seen };
}

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

function aCaller(
  changes: Partial<ContactMeConfig> = {},
  resolve: Resolve = async () => [],
  nowMs: () => number = () => performance.now(),
): ContactCaller {
  const { contactMe } = edgeConfig({ contactMe: { simulatedPhones: true, ...changes } });
  return new ContactCaller(contactMe, resolve, { nowMs, now: () => now });
}

function aRequest(port: number, changes: Partial<ContactRequest> = {}): ContactRequest {
  return {
    requestId: '5b8f4a52-6a1f-4a0e-8f7b-0d5a4c1b9e33',
    deviceId: '001ae8005301' as ContactRequest['deviceId'],
    contactMeUri: `http://127.0.0.1:${port}${PATH}`,
    attempt: 1,
    expiresAt: '2026-01-15T08:01:00.000Z',
    ...changes,
  };
}

const other = { deviceId: '001ae8005302' as ContactRequest['deviceId'] };

describe('ContactCaller', () => {
  it('posts the form to the path of the protocol, and takes 204 for accepted', async () => {
    const phone = await aPhone();
    const attempt = await aCaller().call(aRequest(phone.port), never);
    expect(attempt).toMatchObject({ outcome: 'accepted', status: 204, code: null, address: '127.0.0.1' });
    const [{ request, body } = { request: undefined, body: '' }] = phone.seen;
    expect(request).toMatchObject({ method: 'POST', url: PATH });
    expect(request?.headers).toMatchObject({
      host: `127.0.0.1:${phone.port}`,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'content-length': '14',
      connection: 'close',
    });
    expect(body).toBe('ContactMe=true');
  });

  it('tells the phone whom to call, if configured', async () => {
    const phone = await aPhone();
    await aCaller({ callback: { address: 'fd00::1', port: 18_443 } }).call(aRequest(phone.port), never);
    expect(phone.seen[0]?.body).toBe('ContactMe=true&dls_ip_addr=fd00%3A%3A1&dls_ip_port=18443');
  });

  it('follows no redirect', async () => {
    const target = await aPhone();
    const phone = await aPhone((response) =>
      response.writeHead(302, { Location: `http://127.0.0.1:${target.port}${PATH}` }).end(),
    );
    const attempt = await aCaller().call(aRequest(phone.port), never);
    expect(attempt).toMatchObject({ outcome: 'unexpected-status', status: 302 });
    expect(target.seen).toEqual([]);
  });

  it('connects to the address that was checked, whatever the name says later', async () => {
    const phone = await aPhone();
    const answers = [['127.0.0.1'], ['8.8.8.8']];
    const names: string[] = [];
    const resolve: Resolve = async (name) => {
      names.push(name);
      return answers.shift() ?? [];
    };
    const contactMeUri = `http://phone.example:${phone.port}${PATH}`;
    const attempt = await aCaller({}, resolve).call(aRequest(phone.port, { contactMeUri }), never);
    expect(attempt).toMatchObject({ outcome: 'accepted', address: '127.0.0.1' });
    expect(names).toEqual(['phone.example']);
    expect(phone.seen[0]?.request.headers.host).toBe(`phone.example:${phone.port}`);
  });

  it('does not ask a name with an address outside the phone networks, or with none', async () => {
    const phone = await aPhone();
    const contactMeUri = `http://phone.example:${phone.port}${PATH}`;
    const mixed = aCaller({}, async () => ['127.0.0.1', '8.8.8.8']);
    expect(await mixed.call(aRequest(phone.port, { contactMeUri }), never)).toMatchObject({
      outcome: 'not-allowed',
      code: 'address-not-allowed',
    });
    const failing = aCaller({}, () => Promise.reject(new Error('ENOTFOUND')));
    expect(await failing.call(aRequest(phone.port, { contactMeUri }), never)).toMatchObject({
      outcome: 'unreachable',
      code: 'name-not-resolved',
    });
    const hanging = aCaller({ timeoutMs: 30 }, () => new Promise(() => undefined));
    expect(await hanging.call(aRequest(phone.port, { contactMeUri }), never)).toMatchObject({ outcome: 'timeout' });
    expect(phone.seen).toEqual([]);
  });

  it('gives up on a phone that does not answer, refuses, or answers nonsense', async () => {
    const silent = await listen(createTcpServer(() => undefined));
    expect(await aCaller({ timeoutMs: 50 }).call(aRequest(silent), never)).toMatchObject({ outcome: 'timeout' });
    const odd = await listen(createTcpServer((socket) => socket.end('hello\r\n\r\n')));
    expect(await aCaller().call(aRequest(odd), never)).toMatchObject({ code: 'answer-malformed' });
    const huge = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.end(`HTTP/1.1 204 No Content\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
      }),
    );
    expect(await aCaller().call(aRequest(huge), never)).toMatchObject({ code: 'answer-malformed' });
    const nobody = createTcpServer();
    const port = await listen(nobody);
    await new Promise((resolve) => nobody.close(resolve));
    expect(await aCaller().call(aRequest(port), never)).toMatchObject({
      outcome: 'unreachable',
      code: 'connect-failed',
    });
  });

  it('does not listen to a phone that answers without end', async () => {
    let onCut: () => void = () => undefined;
    const cut = new Promise<void>((resolve) => (onCut = resolve));
    const port = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('close', () => onCut());
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const more = setInterval(() => socket.write('x'.repeat(4_096)), 1);
        socket.on('close', () => clearInterval(more));
      }),
    );
    expect(await aCaller().call(aRequest(port), never)).toMatchObject({ outcome: 'unexpected-status', status: 200 });
    await cut;
  });

  it('asks a phone, and an address, once in the interval', async () => {
    let nowMs = 0;
    const phone = await aPhone();
    const caller = aCaller(
      {},
      async () => [],
      () => nowMs,
    );
    const outcomes = [];
    outcomes.push((await caller.call(aRequest(phone.port), never))?.outcome);
    outcomes.push((await caller.call(aRequest(phone.port), never))?.outcome);
    outcomes.push((await caller.call(aRequest(phone.port, other), never))?.outcome);
    nowMs = 60_000;
    outcomes.push((await caller.call(aRequest(phone.port), never))?.outcome);
    expect(outcomes).toEqual(['accepted', 'too-soon', 'too-soon', 'accepted']);
    expect(phone.seen).toHaveLength(2);
  });

  it('asks nobody after the request expired, and says what the rate does not reach in time', async () => {
    const [phone, second] = [await aPhone(), await aPhone()];
    const caller = aCaller({ perSecond: 1 });
    const expiresAt = '2026-01-15T07:59:59.000Z';
    expect((await caller.call(aRequest(phone.port, { expiresAt }), never))?.outcome).toBe('expired');
    const soon = '2026-01-15T08:00:00.500Z';
    const outcomes = [aRequest(phone.port), aRequest(second.port, { ...other, expiresAt: soon })].map((request) =>
      caller.call(request, never),
    );
    expect((await Promise.all(outcomes)).map((attempt) => attempt?.outcome)).toEqual(['accepted', 'expired']);
    expect(caller.inProgress).toBe(0);
  });

  it('begins nothing once everything closes, and remembers nothing of it', async () => {
    const phone = await aPhone();
    const caller = aCaller();
    const closed = AbortSignal.abort();
    expect(await caller.call(aRequest(phone.port), closed)).toBeUndefined();
    expect((await caller.call(aRequest(phone.port), never))?.outcome).toBe('accepted');
  });
});
