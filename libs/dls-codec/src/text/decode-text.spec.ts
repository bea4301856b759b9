import { byteOffset, decodeText } from './decode-text.js';

function utf16(text: string, isLittleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < text.length; index++) view.setUint16(2 * index, text.charCodeAt(index), isLittleEndian);
  return bytes;
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function textOf(bytes: Uint8Array, charset?: string): unknown {
  const result = decodeText(bytes, charset);
  return result.ok ? result.decoded.text : result.error.code;
}

const declared = (label: string): string => `<?xml version="1.0" encoding="${label}"?><a>Büro</a>`;

describe('the encoding', () => {
  it.each([
    ['is UTF-8 by default', utf8('<a>Büro</a>'), undefined, '<a>Büro</a>'],
    ['follows a UTF-8 mark', join([0xef, 0xbb, 0xbf], utf8('<a>Büro</a>')), undefined, '<a>Büro</a>'],
    ['follows a UTF-16LE mark', join([0xff, 0xfe], utf16('<a>Büro</a>', true)), undefined, '<a>Büro</a>'],
    ['follows a UTF-16BE mark', join([0xfe, 0xff], utf16('<a>Büro</a>', false)), undefined, '<a>Büro</a>'],
    ['is UTF-16LE when every second byte says so', utf16('<a>Büro</a>', true), undefined, '<a>Büro</a>'],
    ['is UTF-16BE when every second byte says so', utf16('<a>Büro</a>', false), undefined, '<a>Büro</a>'],
    ['follows the declaration', latin1(declared('ISO-8859-1')), undefined, declared('ISO-8859-1')],
    ['follows the declaration in any case', latin1(declared('Windows-1252')), undefined, declared('Windows-1252')],
    ['follows the header', latin1('<a>Büro</a>'), 'ISO-8859-1', '<a>Büro</a>'],
    ['follows a quoted header', latin1('<a>Büro</a>'), '"latin1"', '<a>Büro</a>'],
    ['follows a header that says UTF-16', utf16('<a>Büro</a>', true), 'utf-16', '<a>Büro</a>'],
    ['is big-endian when nothing tells', utf16('ü', false), 'UTF-16', 'ü'],
    ['follows the header before the declaration', utf8(declared('ISO-8859-1')), 'utf-8', declared('ISO-8859-1')],
    ['follows the mark before the header', join([0xef, 0xbb, 0xbf], utf8('<a>ü</a>')), 'latin1', '<a>ü</a>'],
    ['takes US-ASCII as the part of UTF-8 it is', utf8('<a>ü</a>'), 'US-ASCII', '<a>ü</a>'],
    ['ignores an empty header', utf8('<a>ü</a>'), ' ', '<a>ü</a>'],
    ['does not believe UTF-16 in single bytes', utf8(declared('UTF-16')), undefined, declared('UTF-16')],
  ])('%s', (_, bytes, charset, text) => {
    expect(textOf(bytes, charset)).toBe(text);
  });

  it('reads windows-1252 punctuation', () => {
    expect(textOf(Uint8Array.of(0x3c, 0x80, 0x84, 0x93, 0x94, 0x96, 0x9f, 0x81), 'windows-1252')).toBe(
      '<\u20ac\u201e\u201c\u201d\u2013\u0178\u0081',
    );
  });

  it.each([
    [utf8(declared('EBCDIC-CP-US')), undefined],
    [utf8('<a/>'), 'utf-7'],
    [utf8('<a/>'), 'x'.repeat(100_000)],
  ])('is refused when it is not supported', (bytes, charset) => {
    expect(decodeText(bytes, charset)).toMatchObject({ ok: false, error: { code: 'unsupported-charset', offset: 0 } });
  });

  it.each([
    [utf8(declared('ISO-8859-1')), 'utf-8', true],
    [utf8(declared('utf-8')), 'utf-8', false],
    [utf8('<a/>'), 'utf-8', false],
    [join([0xef, 0xbb, 0xbf], utf8('<a/>')), 'latin1', true],
    [join([0xff, 0xfe], utf16('<a/>', true)), 'utf-16', false],
  ])('tells when header and document disagree', (bytes, charset, isConflicting) => {
    expect(decodeText(bytes, charset)).toMatchObject({ ok: true, decoded: { isConflicting } });
  });
});

describe('broken bytes', () => {
  it.each([
    ['a lone continuation byte', [0x3c, 0x80], 1],
    ['an overlong form', [0x3c, 0x61, 0xc0, 0xaf], 2],
    ['an overlong three-byte form', [0x3c, 0xe0, 0x80, 0x80], 1],
    ['a surrogate', [0x3c, 0xed, 0xa0, 0x80], 1],
    ['a code point beyond Unicode', [0x3c, 0xf4, 0x90, 0x80, 0x80], 1],
    ['a byte that never occurs', [0x3c, 0xff], 1],
    ['a cut sequence', [0x3c, 0xf0, 0x9f, 0x93], 1],
    ['a broken sequence behind good ones', [0x3c, 0xc3, 0xbc, 0xf0, 0x9f, 0x93, 0x9e, 0xe2, 0x28, 0xa1], 7],
    ['a broken sequence behind a mark', [0xef, 0xbb, 0xbf, 0x3c, 0xc3], 4],
  ])('UTF-8: %s', (_, bytes, offset) => {
    expect(decodeText(Uint8Array.from(bytes), undefined)).toMatchObject({
      ok: false,
      error: { code: 'invalid-encoding', offset },
    });
  });

  it.each([
    ['a lone low surrogate', join([0xff, 0xfe], utf16('a\udc00', true)), 4],
    ['a lone high surrogate', join([0xfe, 0xff], utf16('ab\ud800c', false)), 6],
    ['a high surrogate at the end', join([0xff, 0xfe], utf16('a\ud800', true)), 4],
    ['half a unit', join([0xff, 0xfe], utf16('a', true), [0x00]), 4],
  ])('UTF-16: %s', (_, bytes, offset) => {
    expect(decodeText(bytes, undefined)).toMatchObject({ ok: false, error: { code: 'invalid-encoding', offset } });
  });
});

describe('the byte a character starts at', () => {
  const text = 'aü€\u{1f4de}b';
  it.each([
    ['UTF-8', utf8(text), undefined, [0, 1, 3, 6, undefined, 10]],
    ['UTF-8 with a mark', join([0xef, 0xbb, 0xbf], utf8(text)), undefined, [3, 4, 6, 9, undefined, 13]],
    ['UTF-16 with a mark', join([0xff, 0xfe], utf16(text, true)), undefined, [2, 4, 6, 8, undefined, 12]],
    ['windows-1252', latin1('aüb'), 'latin1', [0, 1, 2, 3]],
  ])('%s', (_, bytes, charset, offsets) => {
    const result = decodeText(bytes, charset);
    if (!result.ok) throw new Error(result.error.code);
    offsets.forEach((offset, position) => {
      if (offset !== undefined) expect(byteOffset(result.decoded, position)).toBe(offset);
    });
  });
});
