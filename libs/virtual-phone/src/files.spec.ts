import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ScriptedAnswer, ScriptedService } from './testing/index.js';
import { startScriptedService, valueOf } from './testing/index.js';
import type { VirtualPhoneOptions } from './index.js';
import { VirtualPhone } from './index.js';

const CONTENT = randomBytes(200_000);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

describe('files', () => {
  let service: ScriptedService;
  let requests: IncomingMessage[] = [];
  let serve: (request: IncomingMessage, response: ServerResponse) => void;
  const phones: VirtualPhone[] = [];

  function aPhone(options: Partial<VirtualPhoneOptions> = {}): VirtualPhone {
    const phone = new VirtualPhone({ url: service.url, macAddress: '00:1A:E8:00:53:01', ...options });
    phones.push(phone);
    return phone;
  }

  /** As a file server should, with Range. */
  function serveContent({ headers }: IncomingMessage, response: ServerResponse, content = CONTENT): void {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    const rest = content.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      ETag: '"v1"',
      'Content-Length': rest.length,
      ...(from > 0 ? { 'Content-Range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    });
    response.end(rest);
  }

  const item = (name: string, value: string, index?: number) => ({
    name,
    value,
    ...(index === undefined ? {} : { index }),
  });
  const file = (type = 'LOGO', index?: number): ScriptedAnswer => ({
    action: 'FileDeployment',
    items: [item('file-type', type, index), item('file-https-base-url', `${service.url}/files/token/logo.png`, index)],
  });
  const software = (...items: ReturnType<typeof item>[]): ScriptedAnswer => ({
    action: 'SoftwareDeployment',
    items: [item('file-type', 'APP'), item('file-https-base-url', `${service.url}/files/token/os.img`), ...items],
  });
  const statusOf = (): string | undefined => {
    const status = service.received.find(({ message }) => message.reason === 'status');
    return status && valueOf(status.message.items, 'file-deployment-status');
  };

  beforeAll(async () => {
    service = await startScriptedService({
      onGet: (request, response) => {
        requests.push(request);
        serve(request, response);
      },
    });
  });
  beforeEach(() => {
    requests = [];
    serve = serveContent;
  });
  afterEach(async () => {
    await Promise.all(phones.splice(0).map((phone) => phone.close()));
    service.received.length = 0;
  });
  afterAll(async () => {
    await service.close();
  });

  it('are fetched and kept', async () => {
    service.script(file());
    const phone = aPhone();
    await phone.boot();
    expect(statusOf()).toBe('ok');
    expect(phone.files).toEqual([
      expect.objectContaining({
        name: 'logo.png',
        type: 'LOGO',
        sha256: SHA256,
        sizeBytes: 200_000,
        resumedAtBytes: 0,
      }),
    ]);
    expect(phone.value('file-deployment-name', 1)).toBe('logo.png');
  });

  it('go on where the connection broke', async () => {
    service.script(file());
    const phone = aPhone({ downloads: { cutAfterBytes: 50_000 } });
    await phone.boot();
    const [loaded] = phone.files;
    expect(loaded).toMatchObject({ sha256: SHA256, attempts: 2 });
    expect(loaded!.resumedAtBytes).toBeGreaterThanOrEqual(50_000);
    expect(requests[1]?.headers).toMatchObject({ range: `bytes=${loaded!.resumedAtBytes}-`, 'if-range': '"v1"' });
  });

  it('begin again when the phone does not resume, or the file changed meanwhile', async () => {
    service.script(file());
    const phone = aPhone({ downloads: { cutAfterBytes: 50_000, resumes: false } });
    await phone.boot();
    expect(requests[1]?.headers.range).toBeUndefined();
    expect(phone.files[0]).toMatchObject({ sha256: SHA256, attempts: 2, resumedAtBytes: 0 });
    serve = (_request, response) => serveContent({ headers: {} } as IncomingMessage, response); // ignores Range
    service.script(file());
    const other = aPhone({ downloads: { cutAfterBytes: 50_000 } });
    await other.boot();
    expect(other.files[0]).toMatchObject({ sha256: SHA256, attempts: 2, resumedAtBytes: 0 });
  });

  it.each<[string, typeof serve, string]>([
    ['404', (_request, response) => void response.writeHead(404).end(), 'LOGO'],
    ['too long for its type', serveLarge(300_001), 'PIC'],
    ['too long without saying so', serveEndless, 'PIC'],
    [
      'wrong range',
      (request, response) => {
        if (!request.headers.range) return serveContent(request, response);
        response.writeHead(206, { 'Content-Range': 'bytes 0-9/10', 'Content-Length': 10 }).end('0123456789');
      },
      'LOGO',
    ],
    [
      'always cut off',
      (_request, response) => {
        response.writeHead(200, { 'Content-Length': 1000 });
        response.write('x', () => response.destroy());
      },
      'LOGO',
    ],
  ])('fail: %s', async (_, server, type) => {
    serve = server;
    service.script(file(type));
    const phone = aPhone({ downloads: { cutAfterBytes: 50_000_000, maxAttempts: 2 } });
    if (_ === 'wrong range') phones.push();
    await (_ === 'wrong range' ? aPhone({ downloads: { cutAfterBytes: 10 } }) : phone).boot();
    expect(statusOf()).toBe('failed');
    expect(phone.files).toEqual([]);
  });

  it('are not loaded over FTP, unless a hook says what becomes of it', async () => {
    const ftp: ScriptedAnswer = {
      action: 'FileDeployment',
      items: [item('file-server', '192.0.2.1'), item('file-name', 'logo.png'), item('file-type', 'LOGO')],
    };
    service.script(ftp);
    await aPhone().boot();
    expect(statusOf()).toBe('failed');
    service.received.length = 0;
    service.script(ftp);
    await aPhone({ download: async () => true }).boot();
    expect(statusOf()).toBe('ok');
  });

  it('bring new software: the version ordered, else the one in the image', async () => {
    service.script(software(item('file-sw-version', '3.5.12.0')));
    const phone = aPhone();
    expect((await phone.boot()).map(({ end }) => end)).toEqual(['SoftwareDeployment', 'CleanUp']);
    expect(phone.softwareVersion).toBe('V3 R5.12.0');
    const image = Buffer.alloc(4096);
    image.write('OpenStage60\0V3 R5.13.1\0', 0x20, 'latin1');
    serve = (request, response) => serveContent(request, response, image);
    service.script(software());
    await phone.boot();
    expect(phone.softwareVersion).toBe('V3 R5.13.1');
    expect(phone.files.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ['os.img', 200_000],
      ['os.img', 4096],
    ]);
  });

  it('bring another version than the one ordered', async () => {
    service.script(software(item('file-sw-version', '3.5.12.0')));
    const phone = aPhone({ installs: () => 'V3 R4.11.0' });
    await phone.boot();
    expect(phone.softwareVersion).toBe('V3 R4.11.0');
  });

  it('leave the old software when they do not arrive', async () => {
    serve = (_request, response) => void response.writeHead(500).end();
    service.script(software(item('file-sw-version', '3.5.12.0')));
    const phone = aPhone();
    expect((await phone.boot()).map(({ end }) => end)).toEqual(['CleanUp']);
    expect([statusOf(), phone.softwareVersion]).toEqual(['failed', 'V3 R4.11.0']);
  });

  it.each([
    ['normal', ['busy', 0]],
    ['immediate', [undefined, 1]],
  ])('bring no software in a call when the priority is normal: %s', async (priority, outcome) => {
    service.script(software(item('file-priority', priority)));
    const phone = aPhone();
    phone.startCall();
    await phone.boot();
    const reply = service.received.find(({ message }) => message.action === 'SoftwareDeployment');
    expect([reply?.message.status, phone.files.length]).toEqual(outcome);
  });
});

function serveLarge(bytes: number): (request: IncomingMessage, response: ServerResponse) => void {
  return (_request, response) => {
    response.writeHead(200, { 'Content-Length': bytes });
    response.end(Buffer.alloc(bytes));
  };
}

function serveEndless(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
  response.on('close', () => clearInterval(timer));
}
