import { Readable } from 'node:stream';
import type { OpenContent } from '@opendls/config-policy';
import { storedFiles } from './stored-files.js';

const link = { sha256: 'ab'.repeat(32), deviceId: '001ae8005301', fileName: 'a.png', expiresAt: new Date() };
const open = (result: () => Promise<OpenContent | undefined>): Promise<OpenContent> =>
  storedFiles({ open: (sha256) => (sha256 === link.sha256 ? result() : Promise.reject(new Error(sha256))) }).open(
    'token',
    link,
    new AbortController().signal,
  );

describe('storedFiles', () => {
  it('gives the content the link is for', async () => {
    const content = { size: 3, stream: Readable.from(['abc']) };
    expect(await open(async () => content)).toBe(content);
  });

  it('tells a content that is gone from a store that does not answer', async () => {
    await expect(open(async () => undefined)).rejects.toMatchObject({ code: 'gone' });
    await expect(open(() => Promise.reject(new Error('ECONNREFUSED')))).rejects.toMatchObject({ code: 'unavailable' });
  });
});
