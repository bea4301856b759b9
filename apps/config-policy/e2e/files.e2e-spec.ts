import { createHash, randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { FileLinks } from '@opendls/file-links';
import { aFirmwareImage, aPng, aWav } from '../test/file-samples.js';
import { sealingKeys } from '../test/harness.js';
import { serveConfigPolicy, type ServedConfigPolicy } from '../test/served-config-policy.js';

jest.setTimeout(30_000);

const MAX_FILE_BYTES = 8_000_000;
let served: ServedConfigPolicy;

beforeAll(async () => {
  served = await serveConfigPolicy(() => ({ files: { maxFileBytes: MAX_FILE_BYTES } }), { isConsuming: false });
}, 30_000);
afterAll(async () => {
  await served.close();
});

type Json = Record<string, unknown>;

async function call(
  method: string,
  url: string,
  body?: Buffer,
  headers: Record<string, string> = {},
  role: keyof ServedConfigPolicy['keys'] | null = 'operator',
): Promise<Response> {
  const key: Record<string, string> = role === null ? {} : { authorization: `Bearer ${served.keys[role]}` };
  const sent = body === undefined ? null : new Uint8Array(body);
  return fetch(`${served.base}${url}`, { method, body: sent, headers: { ...key, ...headers } });
}

const json = async (response: Response): Promise<Json> => (await response.json()) as Json;
const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('files', () => {
  it('are stored, described, given out, replaced and removed', async () => {
    const logo = aPng(240, 70);
    const etag = `"${sha256Of(logo)}"`;
    const created = await call('PUT', 'files/logo-os60.png?type=LOGO', logo, { 'content-type': 'image/png' });
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe(etag);
    expect(await json(created)).toMatchObject({
      ...{ name: 'logo-os60.png', type: 'LOGO', sha256: sha256Of(logo), sizeBytes: logo.length, format: 'png' },
      ...{ picture: { width: 240, height: 70 }, version: null, image: null, warnings: [] },
    });
    const content = await call('GET', 'files/logo-os60.png/content', undefined, {}, 'viewer');
    expect(Object.fromEntries(content.headers)).toMatchObject({
      ...{ 'content-type': 'image/png', 'content-length': String(logo.length), etag },
    });
    expect(Buffer.from(await content.arrayBuffer()).equals(logo)).toBe(true);

    const head = await call('HEAD', 'files/logo-os60.png/content');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(logo.length),
      '',
    ]);
    expect((await call('GET', 'files/logo-os60.png/content', undefined, { 'if-none-match': etag })).status).toBe(304);

    const again = await call('PUT', 'files/logo-os60.png?type=LOGO', logo, { 'if-none-match': '*' });
    expect([again.status, (await json(again))['code']]).toEqual([412, 'file-changed-meanwhile']);
    const other = await call('PUT', 'files/logo-os60.png?type=LOGO', aPng(480, 148), { 'if-match': etag });
    expect(other.status).toBe(200);
    expect((await call('DELETE', 'files/logo-os60.png', undefined, { 'if-match': etag })).status).toBe(412);
    expect((await call('DELETE', 'files/logo-os60.png')).status).toBe(204);
    expect(await json(await call('GET', 'files/logo-os60.png'))).toMatchObject({ code: 'file-not-found' });
  });

  it('are listed by name and type, page by page', async () => {
    for (const name of ['b.wav', 'a.wav', 'c.wav']) await call('PUT', `files/${name}?type=RINGTONE`, aWav());
    await call('PUT', 'files/b.png?type=PIC', aPng());
    const names = (body: Json): unknown[] => (body['items'] as Json[]).map(({ name }) => name); // as the API documents it
    const first = await json(await call('GET', 'files?limit=2&type=RINGTONE', undefined, {}, 'viewer'));
    expect(names(first)).toEqual(['a.wav', 'b.wav']);
    const rest = await json(await call('GET', `files?limit=2&type=RINGTONE&cursor=${String(first['nextCursor'])}`));
    expect([names(rest), rest['nextCursor']]).toEqual([['c.wav'], null]);
    expect(names(await json(await call('GET', 'files')))).toEqual(['a.wav', 'b.png', 'b.wav', 'c.wav']);
  });

  it('of firmware show the version in the image, beyond the limit of other bodies', async () => {
    const image = aFirmwareImage({ sizeBytes: 5_000_000 });
    const digest = `sha-256=:${createHash('sha256').update(image).digest('base64')}:`;
    const stored = await call('PUT', 'files/os60.app?type=APP', image, { 'content-digest': digest });
    expect(await json(stored)).toMatchObject({
      ...{ version: 'V3 R5.12.0', softwareType: 'Siemens SIP', sizeBytes: 5_000_000 },
      image: { family: 'OpenStage 60', deviceType: 'OpenStage 60' },
    });
    const unknown = await json(await call('PUT', 'files/x.img?type=APP&version=1.9.3.0', randomBytes(500)));
    expect(unknown).toMatchObject({ version: 'V1 R9.3.0', warnings: [{ code: 'firmware-unknown' }] });
  });

  it.each<[string, Buffer, Record<string, string>, number, string]>([
    ['files/.x?type=PIC', aPng(), {}, 400, 'file-name-invalid'],
    ['files/x.png', aPng(), {}, 400, 'validation-failed'],
    ['files/x.png?type=PICTURE', aPng(), {}, 400, 'validation-failed'],
    ['files/x.png?type=PIC', aWav(), {}, 400, 'file-format-wrong'],
    ['files/x.png?type=PIC', Buffer.alloc(0), { 'content-type': 'image/png' }, 400, 'file-empty'],
    ['files/x.png?type=PIC', aPng(1, 1, 400_000), {}, 413, 'file-too-large'],
    ['files/x.app?type=APP', Buffer.alloc(MAX_FILE_BYTES + 1), {}, 413, 'file-too-large'],
    [`files/x.png?type=PIC&sha256=${'0'.repeat(64)}`, aPng(), {}, 400, 'file-digest-mismatch'],
    ['files/x.png?type=PIC', aPng(), { 'content-digest': 'sha-256=:x:' }, 400, 'file-digest-invalid'],
    ['files/x.png?type=PIC&version=V3%20R1', aPng(), {}, 400, 'file-version-invalid'],
    ['files/x.png?type=PIC', Buffer.from('{}'), { 'content-type': 'application/json' }, 415, 'unsupported-media-type'],
  ])('PUT %s is refused', async (url, body, headers, status, code) => {
    const reply = await call('PUT', url, body, headers);
    expect([reply.status, (await json(reply))['code']]).toEqual([status, code]);
  });

  it.each<[string, string, keyof ServedConfigPolicy['keys'] | null, number]>([
    ['PUT', 'files/x.png?type=PIC', 'viewer', 403],
    ['DELETE', 'files/x.png', 'viewer', 403],
    ['PUT', 'files/x.png?type=PIC', null, 401],
    ['GET', 'files', null, 401],
    ['GET', 'files/x.png/content', null, 401],
  ])('%s %s as %s is %d', async (method, url, role, status) => {
    expect((await call(method, url, method === 'PUT' ? aPng() : undefined, {}, role)).status).toBe(status);
  });
});

describe('contents by signed link', () => {
  const links = new FileLinks(sealingKeys);
  const link = { deviceId: '001ae8005301', fileName: 'ring.wav', expiresAt: new Date(Date.now() + 60_000) };
  const get = (token: string, method = 'GET'): Promise<Response> =>
    call(method, `file-contents/${token}`, undefined, {}, null);

  it('need no key', async () => {
    const bytes = aWav();
    await call('PUT', 'files/ring.wav?type=RINGTONE', bytes);
    const token = links.sign({ ...link, sha256: sha256Of(bytes) });
    const response = await get(token);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      ...{ 'content-length': String(bytes.length), etag: `"${sha256Of(bytes)}"`, 'cache-control': 'no-store' },
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await get(token, 'HEAD')).headers.get('content-length')).toBe(String(bytes.length));
    expect(served.lines.join('')).not.toContain(token);
  });

  it('say nothing but 404 for links that are changed, expired, or of contents that are gone', async () => {
    const expired = links.sign({ ...link, sha256: '0'.repeat(64), expiresAt: new Date(Date.now() - 1_000) });
    const bodies = await Promise.all(
      [links.sign({ ...link, sha256: '0'.repeat(64) }), expired, 'x', `${expired}x`, 'a/../b'].map(async (token) => {
        const response = await get(token);
        const { requestId, ...body } = await json(response);
        return [response.status, body['code'], body['detail'], typeof requestId];
      }),
    );
    const neutral = [404, 'file-link-invalid', undefined, 'string'];
    expect(bodies.slice(0, 4)).toEqual([neutral, neutral, neutral, neutral]);
    expect(bodies[4]?.[0]).toBe(404);
  });
});
