import { Readable } from 'node:stream';
import { FileError } from './files.errors.js';
import type { FilesStore } from './files.store.js';

/** A content to read once: whoever has it reads the stream to its end, or destroys it. */
export interface OpenContent {
  readonly size: number;
  readonly stream: Readable;
}

/** Where the content of stored files comes from, for a gateway in the same process. */
export interface StoredContents {
  /** Undefined when there is no such content. */
  open(sha256: string): Promise<OpenContent | undefined>;
}

/** Opens a content; chunks are read when they are wanted, one at a time. `release` is called when it is over. */
export async function openContent(
  store: FilesStore,
  sha256: string,
  release: () => void = () => undefined,
): Promise<OpenContent | undefined> {
  const content = await store.findContent(sha256);
  if (content === undefined) {
    release();
    return undefined;
  }
  const { contentId, sizeBytes, chunkBytes } = content;
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let position = 0; position * chunkBytes < sizeBytes; position += 1) {
      const bytes = await store.readChunk(contentId, position);
      // Removed while it was read: the connection is cut, nobody takes half a file for a whole one.
      if (bytes === undefined) throw new FileError('file-not-found', 'the content was removed while it was read');
      yield bytes;
    }
  }
  const stream = Readable.from(chunks(), { objectMode: false, highWaterMark: chunkBytes });
  stream.once('close', release);
  return { size: sizeBytes, stream };
}
