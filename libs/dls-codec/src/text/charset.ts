/** The encodings that are read, by the name TextDecoder has for them. */
export type Charset = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

// ISO-8859-1 is read as windows-1252, as everywhere on the web. US-ASCII is a part of UTF-8, and what carries its label and
// more than its characters is most often UTF-8 (the registered default of text/xml was US-ASCII for years).
const CHARSETS: ReadonlyMap<string, Charset | 'utf-16'> = new Map([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['utf-16', 'utf-16'],
  ['utf-16le', 'utf-16le'],
  ['utf-16be', 'utf-16be'],
  ['iso-8859-1', 'windows-1252'],
  ['iso8859-1', 'windows-1252'],
  ['iso_8859-1', 'windows-1252'],
  ['latin1', 'windows-1252'],
  ['windows-1252', 'windows-1252'],
  ['cp1252', 'windows-1252'],
  ['us-ascii', 'utf-8'],
  ['ascii', 'utf-8'],
]);

/** The encoding of a charset label as found in a header or an XML declaration; undefined when it is not read here. */
export function findCharset(label: string): Charset | 'utf-16' | undefined {
  return CHARSETS.get(
    label
      .trim()
      .replace(/^["']|["']$/g, '')
      .toLowerCase(),
  );
}

export interface DetectedCharset {
  readonly charset: Charset;
  /** Length of the byte order mark. */
  readonly bomBytes: number;
}

/** What the byte order mark says. */
export function charsetOfBom(bytes: Uint8Array): DetectedCharset | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { charset: 'utf-8', bomBytes: 3 };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { charset: 'utf-16le', bomBytes: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { charset: 'utf-16be', bomBytes: 2 };
  return undefined;
}

/** UTF-16 without a mark, told by its first two bytes: markup starts with an ASCII character. */
export function charsetOfFirstBytes(bytes: Uint8Array): Charset | undefined {
  if (bytes.length < 2) return undefined;
  if (bytes[0] === 0 && bytes[1] !== 0) return 'utf-16be';
  if (bytes[0] !== 0 && bytes[1] === 0) return 'utf-16le';
  return undefined;
}

const DECLARATION_BYTES = 256;
const DECLARED_ENCODING = /^\s*<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/;

/** The label in the XML declaration of an ASCII-compatible document. */
export function declaredCharset(bytes: Uint8Array, start: number): string | undefined {
  const end = Math.min(bytes.length, start + DECLARATION_BYTES);
  let head = '';
  for (let position = start; position < end; position++) {
    const byte = bytes[position] ?? 0;
    if (byte === 0x3e) break;
    head += String.fromCharCode(byte);
  }
  return DECLARED_ENCODING.exec(head)?.[1];
}
