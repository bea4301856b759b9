import type { FileLink } from '@opendls/file-links';
import type { Readable } from 'node:stream';

/** The whole content of a file, once. Whoever gets it reads the stream to its end or destroys it. */
export interface FileContent {
  readonly size: number;
  readonly stream: Readable;
}

/**
 * - `gone`: the link is good, but there is no such content any more.
 * - `unavailable`: it cannot be said now.
 */
export type FileSourceErrorCode = 'gone' | 'unavailable';

export class FileSourceError extends Error {
  override readonly name = 'FileSourceError';
  constructor(
    readonly code: FileSourceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Where gateways get the content of files from. The signed token is the authorization; `link` is what it says, already
 * verified by the gateway.
 */
export interface FileSource {
  /** @throws FileSourceError */
  open(token: string, link: FileLink, signal: AbortSignal): Promise<FileContent>;
}
