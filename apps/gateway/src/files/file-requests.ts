import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FileLink, FileLinks } from '@opendls/file-links';
import type { Logger } from '@opendls/logging';
import type { FilesConfig } from '../edge-config.js';
import { LogLimiter } from '../contacts/log-limiter.js';
import { namesTag, readRange } from './byte-range.js';
import type { CachedContent, ContentCache } from './content-cache.js';
import { contentTypeOf } from './content-type.js';
import { DownloadSlots } from './download-slots.js';
import type { FileMetrics, FileOutcome } from './file-metrics.js';
import { FileSourceError, type FileContent, type FileSource } from './file-source.js';
import { FILES_PATH } from './file-urls.js';
import { sendContent } from './send-content.js';

export interface FileRequestParts {
  readonly links: FileLinks;
  readonly cache: ContentCache;
  /** null: this gateway was not told where files are. */
  readonly source: FileSource | null;
  readonly metrics: FileMetrics;
  readonly logger: Logger;
  readonly now: () => Date;
}

const RETRY_AFTER_SECONDS = 30;

/** Answers to phones for what cannot be sent; a neutral line, as everywhere. */
export const FILE_REFUSALS = {
  'link-invalid': [404, 'not found'],
  'link-expired': [410, 'gone'],
  'file-gone': [404, 'not found'],
  'file-unavailable': [503, 'service unavailable'],
  'too-many-downloads': [503, 'service unavailable'],
} as const satisfies Partial<Record<FileOutcome, readonly [number, string]>>;
export type FileRefusalCode = keyof typeof FILE_REFUSALS;

/**
 * Gives files to phones: `GET|HEAD /files/<token>/<name>`. The token says what and to whom, and is checked before anything
 * else is done. Always with a length (PROTOCOL 1.2, rule 2), one range at most, no more than so many at a time.
 */
export class FileRequests {
  private readonly slots: DownloadSlots;
  private readonly failures: LogLimiter;

  constructor(
    private readonly parts: FileRequestParts,
    private readonly config: FilesConfig,
  ) {
    const { maxDownloads: total, maxDownloadsPerAddress: perAddress, maxDownloadsPerPhone: perPhone } = config;
    this.slots = new DownloadSlots({ total, perAddress, perPhone });
    this.failures = new LogLimiter(() => parts.now().getTime());
    parts.metrics.observe(() => this.slots.inUse);
  }

  /** A GET or HEAD below the path of files. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse, path: string, listener: string): Promise<void> {
    const outcome = await this.outcomeOf(request, response, path);
    this.parts.metrics.requests.inc({ listener, outcome });
  }

  private async outcomeOf(request: IncomingMessage, response: ServerResponse, path: string): Promise<FileOutcome> {
    const [token = '', name] = path.slice(FILES_PATH.length).split('/', 2);
    const verified = this.parts.links.verify(token, this.parts.now());
    if (!verified.ok) return this.refuse(response, verified.code === 'expired' ? 'link-expired' : 'link-invalid');
    const { link } = verified;
    if (decoded(name) !== link.fileName || path !== `${FILES_PATH}${token}/${name}`)
      return this.refuse(response, 'link-invalid');
    const tag = `"${link.sha256}"`;
    const common = headersOf(link, tag);
    if (namesTag(request.headers['if-none-match'], tag)) {
      response.writeHead(304, common);
      response.end();
      return 'not-modified';
    }
    const release = this.slots.take(addressOf(request), link.deviceId);
    if (release === undefined) return this.refuse(response, 'too-many-downloads');
    try {
      const content = await this.open(token, link);
      if (typeof content === 'string') return this.refuse(response, content);
      return await this.send(request, response, content, { common, tag });
    } finally {
      release();
    }
  }

  private async open(token: string, link: FileLink): Promise<CachedContent | FileRefusalCode> {
    const { cache, metrics, logger } = this.parts;
    try {
      return await cache.open(link.sha256, (signal) => this.fetch(token, link, signal));
    } catch (error) {
      const isGone = error instanceof FileSourceError && error.code === 'gone';
      metrics.fetches.inc({ outcome: isGone ? 'gone' : 'unavailable' });
      const { deviceId, sha256 } = link;
      this.failures.write((skipped) =>
        logger.warn({ err: error, deviceId, sha256, skipped }, 'file for a phone not to be had'),
      );
      return isGone ? 'file-gone' : 'file-unavailable';
    }
  }

  private async fetch(token: string, link: FileLink, signal: AbortSignal): Promise<FileContent> {
    const { source, metrics } = this.parts;
    if (source === null) throw new FileSourceError('unavailable', 'no source of files is configured');
    const content = await source.open(token, link, signal);
    metrics.fetches.inc({ outcome: 'opened' });
    return content;
  }

  private async send(
    request: IncomingMessage,
    response: ServerResponse,
    { handle, size }: CachedContent,
    { common, tag }: { readonly common: OutgoingHttpHeaders; readonly tag: string },
  ): Promise<FileOutcome> {
    const { 'if-range': ifRange, range: rangeHeader } = request.headers;
    const isHead = request.method === 'HEAD';
    // Another version than the one the client has a part of: everything anew.
    const isSame = ifRange === undefined || ifRange === tag;
    const range = isHead || !isSame ? undefined : readRange(rangeHeader, size);
    if (range === 'unsatisfiable') {
      await handle.close();
      response.writeHead(416, { ...common, 'Content-Range': `bytes */${size}`, 'Content-Length': 0 });
      response.end();
      return 'range-not-satisfiable';
    }
    const { first, last } = range ?? { first: 0, last: size - 1 };
    const contentRange = range === undefined ? {} : { 'Content-Range': `bytes ${first}-${last}/${size}` };
    response.writeHead(range === undefined ? 200 : 206, {
      ...common,
      ...contentRange,
      'Content-Length': last - first + 1,
    });
    if (isHead || size === 0) {
      await handle.close();
      response.end();
      return 'sent';
    }
    const { stallTimeoutMs: stallMs, minBytesPerSecond } = this.config;
    const outcome = await sendContent(response, handle, { first, last }, { stallMs, minBytesPerSecond });
    if (outcome === 'sent') this.parts.metrics.bytes.inc(last - first + 1);
    return outcome;
  }

  private refuse(response: ServerResponse, code: FileRefusalCode): FileRefusalCode {
    const [status, text] = FILE_REFUSALS[code];
    const body = `${text}\n`;
    response.writeHead(status, {
      'Content-Type': 'text/plain; charset=UTF-8',
      'Content-Length': body.length,
      ...(status === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS } : {}),
    });
    response.end(body);
    return code;
  }
}

function headersOf(link: FileLink, tag: string): OutgoingHttpHeaders {
  return {
    'Content-Type': contentTypeOf(link.fileName),
    'X-Content-Type-Options': 'nosniff',
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private',
    ETag: tag,
  };
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

function decoded(name: string | undefined): string | undefined {
  try {
    return name === undefined ? undefined : decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
