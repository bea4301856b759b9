import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { FileJob } from './deployment.js';

/** How a phone loads files. */
export interface DownloadHabits {
  /** Breaks the connection off after that many bytes, once per file, to see whether the server can resume. */
  readonly cutAfterBytes?: number;
  /** Goes on where a broken download ended (Range); otherwise it begins again. */
  readonly resumes?: boolean;
  readonly maxAttempts?: number;
  readonly timeoutMs?: number;
}

/** A file that arrived, or why it did not. */
export type Download =
  | {
      readonly isOk: true;
      readonly sha256: string;
      readonly sizeBytes: number;
      readonly attempts: number;
      /** Bytes kept from broken attempts. */
      readonly resumedAtBytes: number;
      readonly firstBytes: Buffer;
    }
  | { readonly isOk: false; readonly reason: string; readonly attempts: number };

/** Most a phone takes of one kind of file (PROTOCOL 3.4); what is not named there is bounded all the same. */
const MAX_BYTES: ReadonlyMap<string, number> = new Map([
  ['PIC', 300_000],
  ['RINGTONE', 1_000_000],
  ['MOH', 1_000_000],
  ['LOGO', 1_000_000],
  ['SCREENSAVER', 1_000_000],
  ['LDAP', 1_000_000],
  ['APP', 64_000_000],
]);
const MAX_OTHER_BYTES = 8_000_000;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_ATTEMPTS = 3;
const HEAD_BYTES = 512;

class DownloadError extends Error {
  override readonly name = 'DownloadError';

  constructor(
    message: string,
    readonly isFinal: boolean,
  ) {
    super(message);
  }
}

/** Fetches the file of a job over HTTPS without looking at the server's certificate, as phones do by default. */
export async function download(
  job: FileJob,
  tls: SecureContext,
  habits: DownloadHabits,
  signal: AbortSignal,
): Promise<Download> {
  const { resumes = true, maxAttempts = DEFAULT_ATTEMPTS } = habits;
  const url = job.url !== undefined && URL.canParse(job.url) ? new URL(job.url) : null;
  if (url?.protocol !== 'https:') {
    return { isOk: false, reason: job.url === undefined ? 'FTP is not modelled' : 'not an HTTPS URL', attempts: 0 };
  }
  const limit = MAX_BYTES.get(job.type) ?? MAX_OTHER_BYTES;
  let received: ReceivedFile = { bytes: Buffer.alloc(0) };
  let resumedAtBytes = 0;
  for (let attempt = 1; ; attempt++) {
    if (!resumes) received = { bytes: Buffer.alloc(0) };
    const cutAfterBytes = attempt === 1 ? habits.cutAfterBytes : undefined;
    resumedAtBytes = received.bytes.length;
    try {
      received = await fetchRest(url, received, { tls, limit, signal, cutAfterBytes, timeoutMs: habits.timeoutMs });
      const { bytes } = received;
      return {
        isOk: true,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        sizeBytes: bytes.length,
        attempts: attempt,
        resumedAtBytes: Math.min(resumedAtBytes, received.resumedAt ?? 0),
        firstBytes: bytes.subarray(0, HEAD_BYTES),
      };
    } catch (error) {
      if (error instanceof PartialError) received = error.received;
      const reason = error instanceof Error ? error.message : String(error);
      const isFinal = (error instanceof DownloadError && error.isFinal) || signal.aborted || attempt >= maxAttempts;
      if (isFinal) return { isOk: false, reason, attempts: attempt };
    }
  }
}

interface ReceivedFile {
  readonly bytes: Buffer;
  readonly etag?: string;
  readonly resumedAt?: number;
}

/** The connection broke; what came before is kept. */
class PartialError extends Error {
  override readonly name = 'PartialError';

  constructor(
    message: string,
    readonly received: ReceivedFile,
  ) {
    super(message);
  }
}

interface FetchOptions {
  readonly tls: SecureContext;
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly cutAfterBytes: number | undefined;
  readonly timeoutMs: number | undefined;
}

async function fetchRest(url: URL, before: ReceivedFile, options: FetchOptions): Promise<ReceivedFile> {
  const incoming = await get(url, before, options);
  const isPartial = incoming.statusCode === 206;
  if (incoming.statusCode !== 200 && !isPartial) {
    incoming.destroy();
    throw new DownloadError(`HTTP status ${incoming.statusCode}`, true);
  }
  const kept = isPartial ? before.bytes : Buffer.alloc(0);
  if (isPartial) checkRange(incoming, kept.length);
  const expected = contentLength(incoming);
  if (expected !== undefined && kept.length + expected > options.limit) {
    incoming.destroy();
    throw new DownloadError(`the file has more than ${options.limit} bytes`, true);
  }
  const bytes = await collect(incoming, kept, options);
  if (expected !== undefined && bytes.length !== kept.length + expected) {
    throw new PartialError(`${bytes.length - kept.length} of ${expected} bytes came`, withEtag(incoming, bytes));
  }
  return { ...withEtag(incoming, bytes), resumedAt: kept.length };
}

function get(url: URL, { bytes, etag }: ReceivedFile, options: FetchOptions): Promise<IncomingMessage> {
  const headers =
    bytes.length === 0 ? {} : { Range: `bytes=${bytes.length}-`, ...(etag === undefined ? {} : { 'If-Range': etag }) };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'GET',
      headers,
      agent: new Agent({ rejectUnauthorized: false, secureContext: options.tls, maxCachedSessions: 0 }),
      signal: options.signal,
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('the server is silent')));
    outgoing.on('error', reject);
    outgoing.on('response', resolve);
    outgoing.end();
  });
}

async function collect(incoming: IncomingMessage, kept: Buffer, options: FetchOptions): Promise<Buffer> {
  const chunks: Buffer[] = [kept];
  let length = kept.length;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > options.limit) throw new DownloadError(`the file has more than ${options.limit} bytes`, true);
      if (options.cutAfterBytes !== undefined && length >= options.cutAfterBytes) {
        incoming.destroy(new Error('the phone broke the connection off'));
      }
    }
  } catch (error) {
    if (error instanceof DownloadError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new PartialError(message, withEtag(incoming, Buffer.concat(chunks)));
  }
  return Buffer.concat(chunks);
}

function withEtag({ headers }: IncomingMessage, bytes: Buffer): ReceivedFile {
  return { bytes, ...(headers.etag === undefined ? {} : { etag: headers.etag }) };
}

function contentLength({ headers }: IncomingMessage): number | undefined {
  const text = headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

function checkRange({ headers }: IncomingMessage, from: number): void {
  const start = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
  if (Number(start) !== from) throw new DownloadError('the server resumes at the wrong byte', true);
}

/** The version an image tells: after the phone family, which begins at byte 0x20 and ends with NUL (PROTOCOL 4.10). */
export function imageVersion(firstBytes: Buffer): string | undefined {
  const [family = '', version = ''] = firstBytes.subarray(0x20).toString('latin1').split('\0');
  return /^[\x20-\x7e]+$/.test(family) && /^[\x20-\x7e]{3,40}$/.test(version) && /\d/.test(version)
    ? version
    : undefined;
}
