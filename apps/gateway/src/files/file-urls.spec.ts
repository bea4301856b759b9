import { generateSealingKey, parseSealingKeys } from '@opendls/crypto';
import { FileLinks } from '@opendls/file-links';
import { FileUrls } from './file-urls.js';

const now = new Date('2026-01-15T08:00:00.000Z');
const links = new FileLinks(parseSealingKeys(generateSealingKey('k1')));
const file = { sha256: 'ab'.repeat(32), fileName: 'Logo 1.png' };
const urlsOf = (publicUrl: string | null = null): FileUrls =>
  new FileUrls(links, {
    publicUrl,
    linkTtlMs: 3_600_000,
    ports: () => ({ secure: 18_444, default: 18_443 }),
    now: () => now,
  });
const baseOf = (host: string | undefined): string | undefined =>
  urlsOf()
    .urlOf(file, '001ae8005301', host)
    ?.replace(/\/files\/.*$/, '');

describe('FileUrls', () => {
  it('makes the whole URL, with a link for this phone and an hour', () => {
    const url = urlsOf('https://dls.example:443').urlOf(file, '001ae8005301', 'evil.example') ?? '';
    const [, token, name] = /^https:\/\/dls\.example:443\/files\/([^/]+)\/([^/]+)$/.exec(url) ?? [];
    expect(name).toBe('Logo%201.png');
    expect(links.verify(token ?? '', now)).toEqual({
      ok: true,
      link: { ...file, deviceId: '001ae8005301', expiresAt: new Date('2026-01-15T09:00:00.000Z') },
    });
  });

  it('uses the host of the phone, when none is configured', () => {
    for (const host of ['10.0.0.1:18443', 'dls.example', '[fd00::1]:18443', 'dls_1.example:9']) {
      expect(baseOf(host)).toBe(`https://${host}`);
    }
  });

  it('leads from the secure listener to the default one', () => {
    expect(baseOf('10.0.0.1:18444')).toBe('https://10.0.0.1:18443');
    expect(baseOf('[fd00::1:8444]')).toBe('https://[fd00::1:8444]');
  });

  it.each([
    undefined,
    '',
    'a b',
    'a/b',
    'user@host',
    'host:port',
    'host:99999',
    '-',
    'a"b',
    '[::1',
    'x'.repeat(300),
    'a?b',
    'ä',
  ])('makes no URL of the host %s', (host) => expect(baseOf(host)).toBeUndefined());
});
