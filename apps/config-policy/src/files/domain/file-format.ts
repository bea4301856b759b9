/** Formats that are recognised by their first bytes, never by the name. */
export type FileFormat = 'jpg' | 'png' | 'bmp' | 'wav' | 'midi' | 'mp3' | 'txt';

/** What a picture says of itself. */
export interface PictureFacts {
  readonly width: number;
  readonly height: number;
  /** Of a BMP. */
  readonly bitsPerPixel?: number;
}

const CONTENT_TYPES: Readonly<Record<FileFormat, string>> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  bmp: 'image/bmp',
  wav: 'audio/wav',
  midi: 'audio/midi',
  mp3: 'audio/mpeg',
  txt: 'text/plain',
};

const EXTENSIONS: Readonly<Record<FileFormat, readonly string[]>> = {
  jpg: ['jpg', 'jpeg'],
  png: ['png'],
  bmp: ['bmp'],
  wav: ['wav'],
  midi: ['mid', 'midi'],
  mp3: ['mp3'],
  txt: ['txt'],
};

export function contentTypeOf(format: FileFormat | undefined): string {
  return format === undefined ? 'application/octet-stream' : CONTENT_TYPES[format];
}

/** Whether a name ends as files of the format do: some phones go by the name. */
export function hasExtensionOf(name: string, format: FileFormat): boolean {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return name.includes('.') && EXTENSIONS[format].includes(extension);
}

/** The format of a file that begins with `head`; undefined when it is none of those phones know. */
export function formatOf(head: Uint8Array): FileFormat | undefined {
  if (startsWith(head, [0xff, 0xd8, 0xff])) return 'jpg';
  if (startsWith(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png';
  if (startsWithText(head, 'RIFF') && startsWithText(head.subarray(8), 'WAVE')) return 'wav';
  if (startsWithText(head, 'MThd')) return 'midi';
  if (startsWithText(head, 'ID3') || isMp3Frame(head)) return 'mp3';
  if (startsWithText(head, 'BM') && isBmpHeader(head)) return 'bmp';
  return isText(head) ? 'txt' : undefined;
}

/** Size and depth of a picture as far as `head` shows them. */
export function pictureFactsOf(head: Uint8Array, format: FileFormat | undefined): PictureFacts | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (format === 'png' && head.length >= 24) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (format === 'bmp' && head.length >= 30) {
    return {
      width: Math.abs(view.getInt32(18, true)),
      // Negative: the rows are stored from top to bottom.
      height: Math.abs(view.getInt32(22, true)),
      bitsPerPixel: view.getUint16(28, true),
    };
  }
  return format === 'jpg' ? jpegFacts(view) : undefined;
}

/** Goes from segment to segment until the one with the frame (SOF0 to SOF15 without DHT, JPG and DAC). */
function jpegFacts(view: DataView): PictureFacts | undefined {
  let at = 2;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  return undefined;
}

/** Frame sync, an MPEG version, a layer, a bit rate and a sample rate that exist. */
function isMp3Frame(head: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = head;
  const isSync = first === 0xff && (second & 0xe0) === 0xe0;
  return isSync && (second & 0x18) !== 0x08 && (second & 0x06) !== 0 && third >> 4 !== 15 && (third & 0x0c) !== 0x0c;
}

/** Two letters say little: the size of the information header must be one that there is. */
function isBmpHeader(head: Uint8Array): boolean {
  return head.length >= 30 && [12, 40, 52, 56, 64, 108, 124].includes(head[14] ?? 0) && head[15] === 0;
}

/** No control characters but blanks: text in UTF-8 or in the Latin alphabets of old tools. */
function isText(head: Uint8Array): boolean {
  return head.length > 0 && head.every((byte) => (byte >= 0x20 ? byte !== 0x7f : byte >= 0x09 && byte <= 0x0d));
}

function startsWith(bytes: Uint8Array, expected: readonly number[]): boolean {
  return expected.every((byte, at) => bytes[at] === byte);
}

function startsWithText(bytes: Uint8Array, expected: string): boolean {
  return startsWith(
    bytes,
    [...expected].map((character) => character.charCodeAt(0)),
  );
}
