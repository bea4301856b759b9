import { deriveTokenKeys, generateSealingKey, parseSealingKeys, signToken } from '@opendls/crypto';
import fc from 'fast-check';
import { FileLinks, isFileName, type FileLink } from './file-links.js';

const sealingKeys = parseSealingKeys(generateSealingKey('k1'));
const links = new FileLinks(sealingKeys);
const now = new Date('2026-01-15T08:00:00.000Z');
const inAnHour = new Date('2026-01-15T09:00:00.000Z');
const sha256 = 'ab'.repeat(32);
const aLink = (changes: Partial<FileLink> = {}): FileLink => ({
  sha256,
  deviceId: '001ae8005301',
  fileName: 'logo.png',
  expiresAt: inAnHour,
  ...changes,
});

const anyLink = fc.record({
  sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  deviceId: fc.oneof(fc.stringMatching(/^[0-9a-f]{12}$/), fc.stringMatching(/^id-[a-z0-9][a-z0-9._-]{0,63}$/)),
  fileName: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(isFileName),
  expiresAt: fc.integer({ min: now.getTime() / 1_000 + 1, max: 4_000_000_000 }).map((s) => new Date(s * 1_000)),
});

describe('FileLinks', () => {
  it('gives back what was signed', () => {
    fc.assert(
      fc.property(anyLink, (link) => {
        expect(links.verify(links.sign(link), now)).toEqual({ ok: true, link });
      }),
    );
  });

  it('never throws and never accepts what it did not sign', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^k1\.[A-Za-z0-9_-]{1,80}\.[A-Za-z0-9_-]{43}$/)), (text) => {
        expect(links.verify(text, now).ok).toBe(false);
      }),
    );
  });

  it('notices any changed character', () => {
    const token = links.sign(aLink());
    fc.assert(
      fc.property(fc.nat({ max: token.length - 1 }), fc.constantFrom('A', 'b', '7', '_', '.'), (at, character) => {
        fc.pre(token[at] !== character);
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        expect(links.verify(changed, now).ok).toBe(false);
      }),
    );
  });

  it('makes tokens of one size for one name, without characters that a URL would escape', () => {
    const sizes = new Set(
      [aLink(), aLink({ deviceId: 'ffffffffffff', sha256: '00'.repeat(32), expiresAt: new Date(0) })].map(
        (link) => links.sign(link).length,
      ),
    );
    expect(sizes.size).toBe(1);
    expect(links.sign(aLink({ fileName: 'Müller 😀.png' }))).toMatch(/^[A-Za-z0-9._-]+$/);
    expect(links.sign(aLink()).length).toBeLessThanOrEqual(160);
  });

  it('expires to the second', () => {
    const token = links.sign(aLink());
    expect(links.verify(token, new Date(inAnHour.getTime() - 1)).ok).toBe(true);
    expect(links.verify(token, inAnHour)).toEqual({ ok: false, code: 'expired' });
  });

  it('knows the token of a stranger, of a key taken away, and of another purpose', () => {
    const stranger = new FileLinks(parseSealingKeys(generateSealingKey('k1')));
    const other = new FileLinks(parseSealingKeys(generateSealingKey('k2')));
    const cookie = signToken(deriveTokenKeys(sealingKeys, 'gateway-cookie'), 'x');
    for (const token of [stranger.sign(aLink()), other.sign(aLink()), cookie]) {
      expect(links.verify(token, now)).toEqual({ ok: false, code: 'bad-signature' });
    }
  });

  it('verifies with an old key after a rotation', () => {
    const old = generateSealingKey('old');
    const token = new FileLinks(parseSealingKeys(old)).sign(aLink());
    const rotated = new FileLinks(parseSealingKeys(`${generateSealingKey('new')},${old}`));
    expect(rotated.verify(token, now)).toEqual({ ok: true, link: aLink() });
  });

  it('calls malformed what has not the shape, or has another content though signed', () => {
    const keys = deriveTokenKeys(sealingKeys, 'file-link');
    const long = `k1.${'A'.repeat(2_000)}.${'A'.repeat(43)}`;
    const texts = [
      '',
      '.',
      'a.b.c',
      '../../etc/passwd',
      long,
      signToken(keys, 'hello'),
      signToken(keys, '1/x/y/z/a/b'),
    ];
    for (const text of texts) expect(links.verify(text, now)).toEqual({ ok: false, code: 'malformed' });
  });

  it.each([
    { fileName: '' },
    { fileName: '..' },
    { fileName: 'a/b' },
    { fileName: 'a\\b' },
    { fileName: 'a\u0000b' },
    { fileName: 'x'.repeat(129) },
    { fileName: '\ud800' },
    { sha256: 'AB'.repeat(32) },
    { sha256: 'ab' },
    { deviceId: '00:1A:E8:00:53:01' },
    { expiresAt: new Date(-1_000) },
    { expiresAt: new Date(Number.NaN) },
  ])('signs no link that it would not accept: %j', (changes) => {
    expect(() => links.sign(aLink(changes))).toThrow(RangeError);
  });

  it('accepts the longest name it signs', () => {
    for (const fileName of ['x'.repeat(128), '語'.repeat(128), '😀'.repeat(64)]) {
      expect(links.verify(links.sign(aLink({ fileName })), now)).toEqual({ ok: true, link: aLink({ fileName }) });
    }
  });
});
