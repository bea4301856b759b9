import type { DecodeError } from '../protocol-error.js';
import { charsetOfBom, charsetOfFirstBytes, declaredCharset, findCharset, type Charset } from './charset.js';
import { firstInvalidUtf16, firstInvalidUtf8, utf8Length } from './offsets.js';

/** The document as text, with what is needed to find a character's place in the bytes again. */
export interface DecodedText {
  readonly text: string;
  readonly charset: Charset;
  readonly bomBytes: number;
  /** Header and document named different encodings; the header was believed (RFC 7303). */
  readonly isConflicting: boolean;
}

export type TextResult =
  { readonly ok: true; readonly decoded: DecodedText } | { readonly ok: false; readonly error: DecodeError };

// Each call decodes a whole input, so the decoders keep nothing between calls.
const DECODERS = {
  'utf-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  'utf-16le': new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
  'utf-16be': new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }),
  'windows-1252': new TextDecoder('windows-1252', { fatal: true }),
} satisfies Record<Charset, unknown>;

/**
 * First stage: bytes to text. The byte order mark decides, then the charset of the header, then the XML declaration;
 * the default is UTF-8 (PROTOCOL 1.2).
 */
export function decodeText(bytes: Uint8Array, headerCharset: string | undefined): TextResult {
  const chosen = chooseCharset(bytes, headerCharset);
  if (chosen === undefined) return refuse('unsupported-charset', 0, 'the character encoding is not supported');
  const body = chosen.bomBytes === 0 ? bytes : bytes.subarray(chosen.bomBytes);
  try {
    const raw = DECODERS[chosen.charset].decode(body);
    const text = chosen.charset === 'windows-1252' ? withWindowsPunctuation(raw) : raw;
    return { ok: true, decoded: { text, ...chosen } };
  } catch {
    const at =
      chosen.charset === 'utf-8' ? firstInvalidUtf8(body) : firstInvalidUtf16(body, chosen.charset === 'utf-16le');
    return refuse('invalid-encoding', chosen.bomBytes + at, `the bytes are not ${chosen.charset}`);
  }
}

/** The byte a character of the text starts at. */
export function byteOffset(decoded: DecodedText, position: number): number {
  switch (decoded.charset) {
    case 'utf-8':
      return decoded.bomBytes + utf8Length(decoded.text, position);
    case 'utf-16le':
    case 'utf-16be':
      return decoded.bomBytes + 2 * position;
    case 'windows-1252':
      return position;
  }
}

interface ChosenCharset {
  readonly charset: Charset;
  readonly bomBytes: number;
  readonly isConflicting: boolean;
}

function chooseCharset(bytes: Uint8Array, headerCharset: string | undefined): ChosenCharset | undefined {
  const header = headerCharset === undefined || headerCharset.trim() === '' ? undefined : findCharset(headerCharset);
  if (header === undefined && headerCharset !== undefined && headerCharset.trim() !== '') return undefined;
  const bom = charsetOfBom(bytes);
  if (bom !== undefined) return { ...bom, isConflicting: header !== undefined && !agrees(header, bom.charset) };
  const wide = charsetOfFirstBytes(bytes);
  if (header !== undefined) {
    const charset = header === 'utf-16' ? (wide ?? 'utf-16be') : header;
    return { charset, bomBytes: 0, isConflicting: header !== 'utf-16' && declarationDiffers(bytes, charset) };
  }
  if (wide !== undefined) return { charset: wide, bomBytes: 0, isConflicting: false };
  const label = declaredCharset(bytes, 0);
  if (label === undefined) return { charset: 'utf-8', bomBytes: 0, isConflicting: false };
  const declared = findCharset(label);
  if (declared === undefined) return undefined;
  // A declaration that could be read byte by byte is not UTF-16, whatever it says.
  if (declared.startsWith('utf-16')) return { charset: 'utf-8', bomBytes: 0, isConflicting: true };
  return { charset: declared as Charset, bomBytes: 0, isConflicting: false };
}

function agrees(header: Charset | 'utf-16', found: Charset): boolean {
  return header === 'utf-16' ? found.startsWith('utf-16') : header === found;
}

function declarationDiffers(bytes: Uint8Array, charset: Charset): boolean {
  if (charset.startsWith('utf-16')) return false;
  const label = declaredCharset(bytes, 0);
  return label !== undefined && findCharset(label) !== charset;
}

const WINDOWS_PUNCTUATION =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

// Some Node releases read 0x80-0x9f of windows-1252 as control characters; elsewhere this finds nothing to do.
function withWindowsPunctuation(text: string): string {
  return text.replace(
    /[\u0080-\u009f]/g,
    (character) => WINDOWS_PUNCTUATION[character.charCodeAt(0) - 0x80] ?? character,
  );
}

function refuse(code: DecodeError['code'], offset: number, message: string): TextResult {
  return { ok: false, error: { code, offset, message } };
}
