import { expectedSha256, holds, preconditionOf } from './digests.js';

const hex = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const member = `sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`;

describe('expectedSha256', () => {
  it('is what the query or Content-Digest says', () => {
    expect(expectedSha256(undefined, undefined)).toBeUndefined();
    expect(expectedSha256(hex.toUpperCase(), undefined)).toBe(hex);
    expect(expectedSha256(undefined, member)).toBe(hex);
    expect(expectedSha256(hex, `sha-512=:AAAA:, ${member}`)).toBe(hex);
    expect(expectedSha256(undefined, 'sha-512=:AAAA:')).toBeUndefined();
  });

  it.each([
    ['abc', undefined],
    [undefined, 'sha-256=:abc:'],
    [undefined, `sha-256=${hex}`],
    ['0'.repeat(64), member],
  ])('refuses %j with %j', (query, header) => {
    expect(() => expectedSha256(query, header)).toThrow(
      expect.objectContaining({ code: 'file-digest-invalid' }) as Error,
    );
  });
});

describe('preconditions', () => {
  it.each([
    [{}, true, true],
    [{ 'if-none-match': '*' }, true, false],
    [{ 'if-match': '*' }, false, true],
    [{ 'if-match': `"x", "${hex}"` }, false, true],
    [{ 'if-match': '"x"' }, false, false],
    [{ 'if-match': `W/"${hex}"` }, false, false],
  ])('%j: without a file %j, with one %j', (headers: Record<string, string>, without, withOne) => {
    expect([holds(preconditionOf(headers), undefined), holds(preconditionOf(headers), hex)]).toEqual([
      without,
      withOne,
    ]);
  });
});
