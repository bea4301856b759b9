import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { silentLogger } from '@opendls/logging';
import { openDataSource, UnitOfWork } from '@opendls/postgres';
import type { TestDatabase } from '@opendls/testing-postgres';
import type { DataSource } from 'typeorm';
import { aFirmwareImage, aPng } from '../../test/file-samples.js';
import { aDatabase } from '../../test/harness.js';
import { databaseOptions } from '../data-source.js';
import type { FileEntity } from './file.entity.js';
import { FilesService } from './files.service.js';
import { CHUNK_BYTES, FilesStore } from './files.store.js';
import { StoreFile, type FileUpload } from './store-file.use-case.js';
import { StreamSlots } from './stream-slots.js';

jest.setTimeout(30_000);
const MAX_FILE_BYTES = 4 * CHUNK_BYTES;
const DAY_MS = 24 * 3_600_000;

let database: TestDatabase;
let dataSource: DataSource;
let now = new Date('2026-01-15T08:00:00Z');
let files: FilesService;
let storeFile: StoreFile;
const uploads = new StreamSlots(2);
const downloads = new StreamSlots(1);

beforeAll(async () => {
  database = await aDatabase();
  dataSource = await openDataSource(databaseOptions(database.url, silentLogger()));
  const unitOfWork = new UnitOfWork(dataSource);
  const store = new FilesStore(dataSource);
  const clock = (): Date => now;
  files = new FilesService(unitOfWork, store, downloads, clock);
  storeFile = new StoreFile(unitOfWork, store, uploads, clock, MAX_FILE_BYTES);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  await dataSource.query('TRUNCATE file, file_chunk, file_content, work_order, device CASCADE');
});

async function* pieces(bytes: Buffer, size = 70_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function put(name: string, bytes: Buffer | AsyncIterable<Buffer>, more: Partial<FileUpload> = {}): Promise<FileEntity> {
  const none = { declaredBytes: undefined, sha256: undefined, precondition: undefined, version: undefined };
  const upload = { name, type: 'APP' as const, ...none, softwareType: undefined, by: 'key', ...more };
  return storeFile
    .execute({ ...upload, bytes: Buffer.isBuffer(bytes) ? pieces(bytes) : bytes })
    .then(({ file }) => file);
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const failing = (code: string): unknown => expect.objectContaining({ code });

async function rows(): Promise<{ contents: number; chunks: number }> {
  const [counts]: { contents: number; chunks: number }[] = await dataSource.query(
    'SELECT (SELECT count(*)::int FROM file_content) AS contents, (SELECT count(*)::int FROM file_chunk) AS chunks',
  );
  return counts ?? { contents: -1, chunks: -1 };
}

async function anOpenOrder(sha256: string): Promise<void> {
  await dataSource.query(
    `INSERT INTO device (device_id, first_seen_at, last_seen_at, is_report_stale, compliance, compliance_since, open_items,
       planned_version, secret_refs) VALUES ('001ae8005301', $1, $1, false, 'pending', $1, '[]', 1, '{}')`,
    [now],
  );
  await dataSource.query(
    `INSERT INTO work_order (order_id, device_id, kind, state, steps, targets, attempt, failed_attempts, from_step, from_part,
       results, created_at) VALUES ($1, '001ae8005301', 'configure', 'pending', $2, '[]', 0, 0, 0, 0, '[]', $3)`,
    [randomUUID(), JSON.stringify([{ kind: 'file-deployment', items: [{ name: 'x', file: { sha256 } }] }]), now],
  );
}

describe('storing', () => {
  it.each([1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, MAX_FILE_BYTES])(
    'keeps %d bytes as they came',
    async (size) => {
      const bytes = randomBytes(size);
      const file = await put('a.img', bytes);
      expect(file).toMatchObject({ sha256: sha256Of(bytes), sizeBytes: size });
      const content = await files.open(file.sha256);
      expect(content?.size).toBe(size);
      expect((await buffer(content!.stream)).equals(bytes)).toBe(true);
      expect(await rows()).toEqual({ contents: 1, chunks: Math.ceil(size / CHUNK_BYTES) });
    },
  );

  it('keeps bytes once, whatever their names are, also when they come at the same time', async () => {
    const bytes = randomBytes(CHUNK_BYTES + 5);
    await Promise.all([put('a.img', bytes), put('b.img', bytes)]);
    await put('c.img', bytes);
    expect(await rows()).toEqual({ contents: 1, chunks: 2 });
  });

  it('reads the version of a firmware image that is longer than a chunk', async () => {
    const image = aFirmwareImage({ sizeBytes: CHUNK_BYTES + 100 });
    expect(await put('os60.app', image)).toMatchObject({ version: 'V3 R5.12.0', softwareType: 'Siemens SIP' });
    expect(await files.find('os60.app')).toEqual({
      ...{ name: 'os60.app', type: 'APP', sizeBytes: CHUNK_BYTES + 100, sha256: sha256Of(image) },
      ...{ softwareVersion: 'V3 R5.12.0', softwareType: 'Siemens SIP' },
    });
    expect([...(await files.resolve(['os60.app', 'other', 'os60.app'])).keys()]).toEqual(['os60.app']);
  });

  it('leaves nothing behind of what it refuses', async () => {
    const large = randomBytes(MAX_FILE_BYTES + 1);
    await expect(put('a.img', large)).rejects.toEqual(failing('file-too-large'));
    await expect(put('a.img', randomBytes(5), { declaredBytes: MAX_FILE_BYTES + 1 })).rejects.toEqual(
      failing('file-too-large'),
    );
    await expect(put('a.png', aPng(1, 1, 307_201), { type: 'PIC' })).rejects.toEqual(failing('file-too-large'));
    await expect(put('a.png', randomBytes(50), { type: 'PIC' })).rejects.toEqual(failing('file-format-wrong'));
    await expect(put('a.img', Buffer.alloc(0))).rejects.toEqual(failing('file-empty'));
    await expect(put('a.img', randomBytes(9), { sha256: '0'.repeat(64) })).rejects.toEqual(
      failing('file-digest-mismatch'),
    );
    await expect(put('../a', randomBytes(9))).rejects.toEqual(failing('file-name-invalid'));
    await expect(put('a.img', randomBytes(9), { version: 'new' })).rejects.toEqual(failing('file-version-invalid'));
    async function* cut(): AsyncGenerator<Buffer> {
      yield randomBytes(CHUNK_BYTES + 1);
      throw new Error('aborted');
    }
    await expect(put('a.img', cut())).rejects.toEqual(failing('file-incomplete'));
    expect(await rows()).toEqual({ contents: 0, chunks: 0 });
    expect(uploads.inUse).toBe(0);
  });

  it('refuses what would be too many at the same time', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    async function* slow(): AsyncGenerator<Buffer> {
      yield randomBytes(10);
      await finished;
    }
    const both = [put('a.img', slow()), put('b.img', slow())];
    while (uploads.inUse < 2) await new Promise(setImmediate);
    await expect(put('c.img', randomBytes(1))).rejects.toEqual(failing('file-streams-busy'));
    finish();
    await Promise.all(both);
    await put('c.img', randomBytes(1));
  });

  it('does not replace a file that became another one during the upload', async () => {
    const first = await put('a.img', randomBytes(3));
    const precondition = { kind: 'one-of', tags: [`"${first.sha256}"`] } as const;
    async function* overtaken(): AsyncGenerator<Buffer> {
      yield randomBytes(3);
      await put('a.img', Buffer.from('other'));
    }
    await expect(put('a.img', overtaken(), { precondition })).rejects.toEqual(failing('file-changed-meanwhile'));
    expect((await files.get('a.img')).sha256).toBe(sha256Of(Buffer.from('other')));
  });
});

describe('removing', () => {
  it('is refused while an open order names the content', async () => {
    const { sha256 } = await put('a.img', randomBytes(30));
    await anOpenOrder(sha256);
    await expect(files.remove('a.img', undefined)).rejects.toEqual(failing('file-in-use'));
    await dataSource.query(`UPDATE work_order SET state = 'done', closed_at = $1`, [now]);
    await files.remove('a.img', undefined);
    await expect(files.get('a.img')).rejects.toEqual(failing('file-not-found'));
    await expect(files.remove('a.img', undefined)).rejects.toEqual(failing('file-not-found'));
  });

  it('takes the bytes away a day after the last file that had them, and not under an open order', async () => {
    const bytes = randomBytes(30);
    const { sha256 } = await put('a.img', bytes);
    await put('b.img', bytes);
    await files.remove('a.img', undefined);
    await put('b.img', randomBytes(31));
    expect(await files.removeUnused()).toBe(0);
    await anOpenOrder(sha256);
    now = new Date(now.getTime() + DAY_MS + 1);
    expect(await files.removeUnused()).toBe(0);
    await dataSource.query(`UPDATE work_order SET state = 'done', closed_at = $1`, [now]);
    expect(await files.removeUnused()).toBe(1);
    expect(await files.open(sha256)).toBeUndefined();
    expect(await rows()).toEqual({ contents: 1, chunks: 1 });
  });

  it('spares bytes that came back, and takes uploads that never ended', async () => {
    const bytes = randomBytes(30);
    await put('a.img', bytes);
    await files.remove('a.img', undefined);
    await put('b.img', bytes);
    await new FilesStore(dataSource).beginContent(randomUUID(), now);
    now = new Date(now.getTime() + DAY_MS + 1);
    expect(await files.removeUnused()).toBe(1);
    expect(await files.open(sha256Of(bytes))).toBeDefined();
  });
});

describe('reading', () => {
  it('is limited for clients of the API, and free again when they are done or gone', async () => {
    const { sha256 } = await put('a.img', randomBytes(3 * CHUNK_BYTES));
    const first = await files.download(sha256);
    await expect(files.download(sha256)).rejects.toEqual(failing('file-streams-busy'));
    first.stream.destroy();
    await new Promise((resolve) => first.stream.once('close', resolve));
    await buffer((await files.download(sha256)).stream);
    await expect(files.download('0'.repeat(64))).rejects.toEqual(failing('file-not-found'));
    expect(downloads.inUse).toBe(0);
  });

  it('breaks off rather than give half a file for a whole one', async () => {
    const { sha256 } = await put('a.img', randomBytes(3 * CHUNK_BYTES));
    const content = await files.open(sha256);
    await dataSource.query('DELETE FROM file_chunk WHERE position = 2');
    await expect(buffer(content!.stream)).rejects.toEqual(failing('file-not-found'));
  });
});
