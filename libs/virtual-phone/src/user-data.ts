import type { StoredItem } from './phone-items.js';

/** Chunk header: u16 1, u16 0, file name, four u16, Unix time, four bytes (PROTOCOL 4.12, from the one sample there is). */
const HEADER_BYTES = 120;
const NAME_OFFSET = 4;
const NAME_BYTES = 100;
const FILE_NAME = '/tmp/priority_chunking.tmp';

/** One piece of a user data file. */
export interface UserDataChunk {
  readonly fileName: string;
  readonly number: number;
  readonly count: number;
  readonly atSeconds: number;
  readonly text: string;
}

/** Cuts a user data file into items, chunk number = index; an empty file is one empty chunk. */
export function userDataItems(name: string, text: string, atMs: number, chunkBytes: number): StoredItem[] {
  const bytes = Buffer.from(text);
  const size = Math.max(1, chunkBytes);
  const count = Math.max(1, Math.ceil(bytes.length / size));
  return Array.from({ length: count }, (_, offset) => {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(1, 0);
    header.write(FILE_NAME, NAME_OFFSET, 'ascii');
    // 1, 1, 1, 1 in the sample, which has one chunk: number and count are an inference.
    [1, 1, offset + 1, count].forEach((value, field) => header.writeUInt16BE(value, 104 + field * 2));
    header.writeUInt32BE(Math.floor(atMs / 1000), 112);
    const piece = bytes.subarray(offset * size, (offset + 1) * size);
    return { name, index: offset + 1, value: Buffer.concat([header, piece]).toString('base64') };
  });
}

/** Reads one chunk; undefined when it is none. */
export function readUserDataChunk(base64: string): UserDataChunk | undefined {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length < HEADER_BYTES || bytes.readUInt16BE(0) !== 1) return undefined;
  const name = bytes.subarray(NAME_OFFSET, NAME_OFFSET + NAME_BYTES).toString('ascii');
  return {
    fileName: name.slice(0, name.includes('\0') ? name.indexOf('\0') : undefined),
    number: bytes.readUInt16BE(108),
    count: bytes.readUInt16BE(110),
    atSeconds: bytes.readUInt32BE(112),
    text: bytes.subarray(HEADER_BYTES).toString(),
  };
}

/** What a user who has just come leaves behind: text as phones write it. */
export function newUserData(name: string, e164: string): string {
  const lines = [
    '#VERSION=0200',
    '#<OCMSTag>,<ItemValue>',
    `owner,${e164}`,
    `content,${name.slice('userdata-'.length)}`,
  ];
  return `${lines.join('\n')}\n`;
}

export function isUserData({ name }: { readonly name: string }): boolean {
  return name.startsWith('userdata-');
}
