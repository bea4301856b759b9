import { Readable } from 'node:stream';
import { problem } from '@opendls/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { etagOf } from './digests.js';
import { FILE_PROBLEMS, FileError } from './files.errors.js';
import type { OpenContent } from './read-content.js';

const BUSY_RETRY_SECONDS = '2';

/** Turns what the file store refuses into its answer, with what is special about the case. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const headers = error.code === 'file-streams-busy' ? { 'retry-after': BUSY_RETRY_SECONDS } : undefined;
    throw problem(FILE_PROBLEMS, error.code, {
      detail: error.message,
      cause: error,
      ...(headers === undefined ? {} : { headers }),
    });
  }
}

/** Answers with the bytes of a content, or without them to HEAD and to a client that has them. */
export async function sendContent(
  request: FastifyRequest,
  reply: FastifyReply,
  content: { readonly sha256: string; readonly contentType: string; readonly open: () => Promise<OpenContent> },
): Promise<void> {
  const etag = etagOf(content.sha256);
  const known = request.headers['if-none-match'];
  if (known?.split(',').some((tag) => tag.trim() === etag) === true) {
    await reply.code(304).header('etag', etag).send();
    return;
  }
  const { size, stream } = await translated(content.open);
  reply.headers({ etag, 'content-length': size, 'content-type': content.contentType });
  // Nothing is read for HEAD; an empty stream leaves the length as it is.
  if (request.method === 'HEAD') stream.destroy();
  await reply.send(request.method === 'HEAD' ? Readable.from([]) : stream);
}
