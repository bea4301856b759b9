import { createHash, randomUUID } from 'node:crypto';
import { FIRMWARE_TAIL_BYTES } from './domain/firmware-image.js';
import { FileError } from './files.errors.js';
import { CHUNK_BYTES, type FilesStore } from './files.store.js';

/** Bytes that are stored under an id and have no name yet. */
export interface ReceivedContent {
  readonly contentId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The first chunk. */
  readonly head: Buffer;
  /** The last bytes, as many as a firmware image has its types in. */
  readonly tail: Buffer;
}

export interface ReceiveOptions {
  readonly maxBytes: number;
  readonly now: Date;
  /** Looks at the beginning as soon as it is there; throws to refuse the rest. */
  readonly checkHead: (head: Buffer) => void;
}

/**
 * Writes bytes to the store as they arrive, one chunk in memory at a time. Each chunk is a transaction of its own, so that a
 * slow client holds none open; what fails is removed.
 * @throws {FileError} `file-too-large`, `file-empty`, `file-incomplete`, and what `checkHead` throws
 */
export async function receiveContent(
  store: FilesStore,
  source: AsyncIterable<Buffer>,
  options: ReceiveOptions,
): Promise<ReceivedContent> {
  const contentId = randomUUID();
  await store.beginContent(contentId, options.now);
  try {
    return await receiveInto(store, contentId, source, options);
  } catch (error) {
    // If this fails too, maintenance removes it as an upload that never ended.
    await store.dropContent(contentId).catch(() => undefined);
    throw error;
  }
}

async function receiveInto(
  store: FilesStore,
  contentId: string,
  source: AsyncIterable<Buffer>,
  { maxBytes, checkHead }: ReceiveOptions,
): Promise<ReceivedContent> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let head: Buffer | undefined;
  let tail = Buffer.alloc(0);
  let position = 0;
  for await (const chunk of chunked(arriving(source), CHUNK_BYTES)) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new FileError('file-too-large', `more than ${maxBytes} bytes`);
    if (head === undefined) checkHead(chunk);
    head ??= chunk;
    hash.update(chunk);
    tail = Buffer.concat([tail, chunk]).subarray(-FIRMWARE_TAIL_BYTES);
    await store.addChunk(contentId, position, chunk);
    position += 1;
  }
  if (head === undefined) throw new FileError('file-empty', 'no bytes arrived');
  return { contentId, sha256: hash.digest('hex'), sizeBytes, head, tail };
}

/** Tells a client that went away from everything else that can go wrong. */
async function* arriving(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        throw new FileError('file-incomplete', 'the client went away', { cause: error });
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** The same bytes in parts of one size, the last one smaller. */
async function* chunked(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let buffer = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length;) {
      const copied = bytes.copy(buffer, filled, at);
      at += copied;
      filled += copied;
      if (filled < size) continue;
      yield buffer;
      buffer = Buffer.allocUnsafe(size);
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
