import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ContentCache } from './content-cache.js';

const content = Buffer.alloc(8 * 1_048_576, 7);
const sha256 = createHash('sha256').update(content).digest('hex');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opendls-cache-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** CPU that it takes to give a content to so many at once that the disk has and this process has not hashed yet. */
async function cpuOf(openers: number): Promise<number> {
  const cache = new ContentCache({ directory, maxBytes: 2 * content.length, maxFills: 1, fillStallMs: 10_000 });
  await cache.prepare();
  const before = process.cpuUsage();
  const opened = await Promise.all(
    Array.from({ length: openers }, () =>
      cache.open(sha256, async () => ({ size: content.length, stream: Readable.from([content]) })),
    ),
  );
  const { user, system } = process.cpuUsage(before);
  expect(opened.map(({ size }) => size)).toEqual(Array.from({ length: openers }, () => content.length));
  for (const { handle } of opened) await handle.close();
  return user + system;
}

describe('a content that many phones want at once', () => {
  it('is hashed for all of them together', async () => {
    await cpuOf(1); // puts it there
    const one = Math.min(await cpuOf(1), await cpuOf(1), await cpuOf(1));
    expect(await cpuOf(64)).toBeLessThan(24 * one);
  });
});
