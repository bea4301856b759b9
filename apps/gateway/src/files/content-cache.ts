import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { FileSourceError, type FileContent } from './file-source.js';

/** Where the bytes of a content are, open to be read. Whoever gets it closes the handle. */
export interface CachedContent {
  readonly handle: FileHandle;
  readonly size: number;
}

export interface ContentCacheOptions {
  readonly directory: string;
  readonly maxBytes: number;
  /** Contents being fetched at a time; more are refused. */
  readonly maxFills: number;
  /** A source that sends nothing for this long is given up. */
  readonly fillStallMs: number;
}

/** Gives the content, once; called when the cache does not have it. */
export type OpenContent = (signal: AbortSignal) => Promise<FileContent>;

const NAME = /^[0-9a-f]{64}$/;
const PARTIAL = /^\.[0-9a-f]{64}\.[0-9a-f]{16}\.part$/;
/** A fill of another process that wrote nothing for this long has died. */
const ABANDONED_MS = 3_600_000;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW;
const OTHERS_CAN_WRITE = 0o022;
const HASH_CHUNK = 262_144;

interface Entry {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly usedAtMs: number;
}

/**
 * Contents of files on disk, by SHA-256. A content gets its name only when it is whole, synced and its hash is right; what is
 * found there from before a start, or from another process, is hashed before it is served for the first time. Several
 * processes may share the directory.
 */
export class ContentCache {
  private readonly fills = new Map<string, Promise<void>>();
  /** Contents whose hash was checked, by what `stat` says of them. */
  private readonly checked = new Map<string, string>();
  /** Contents being hashed: all who want one wait for the same hash. */
  private readonly checks = new Map<string, Promise<boolean>>();
  private readonly usedAtMs = new Map<string, number>();
  private fillingBytes = 0;

  constructor(private readonly options: ContentCacheOptions) {}

  /** Makes the directory. @throws when it cannot be used, or belongs to somebody else */
  async prepare(): Promise<void> {
    const { directory } = this.options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const stats = await lstat(directory);
    const isOurs = process.getuid === undefined || stats.uid === process.getuid();
    if (!stats.isDirectory() || !isOurs || (stats.mode & OTHERS_CAN_WRITE) !== 0) {
      throw new FileSourceError('unavailable', 'the directory of the file cache can be written by others');
    }
  }

  /** @throws FileSourceError */
  async open(sha256: string, openContent: OpenContent): Promise<CachedContent> {
    const found = await this.openExisting(sha256);
    if (found !== undefined) return found;
    await this.fill(sha256, openContent);
    const filled = await this.openExisting(sha256);
    if (filled !== undefined) return filled;
    throw new FileSourceError('unavailable', 'the content was evicted at once');
  }

  private async openExisting(sha256: string): Promise<CachedContent | undefined> {
    const path = this.pathOf(sha256);
    let handle: FileHandle;
    try {
      handle = await open(path, READ_FLAGS);
    } catch {
      return undefined;
    }
    try {
      const stats = await handle.stat();
      if (await this.isWhole(sha256, handle, stats)) {
        this.usedAtMs.set(sha256, Date.now());
        return { handle, size: stats.size };
      }
    } catch {
      // an unreadable one is fetched again
    }
    await handle.close();
    await unlink(path).catch(() => undefined);
    return undefined;
  }

  private async isWhole(sha256: string, handle: FileHandle, stats: Stats): Promise<boolean> {
    if (!stats.isFile()) return false;
    const identity = `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    if (this.checked.get(sha256) === identity) return true;
    const key = `${sha256} ${identity}`;
    let check = this.checks.get(key);
    if (check === undefined) {
      check = hasHash(sha256, handle, stats.size).finally(() => this.checks.delete(key));
      this.checks.set(key, check);
    }
    const isRight = await check;
    if (isRight) this.checked.set(sha256, identity);
    return isRight;
  }

  /** One fetch of a content at a time, however many want it. */
  private fill(sha256: string, openContent: OpenContent): Promise<void> {
    const running = this.fills.get(sha256);
    if (running !== undefined) return running;
    if (this.fills.size >= this.options.maxFills) {
      return Promise.reject(new FileSourceError('unavailable', 'too many contents are being fetched'));
    }
    const fill = this.fetch(sha256, openContent).finally(() => this.fills.delete(sha256));
    this.fills.set(sha256, fill);
    return fill;
  }

  private async fetch(sha256: string, openContent: OpenContent): Promise<void> {
    const abort = new AbortController();
    const stalled = setTimeout(() => abort.abort(), this.options.fillStallMs);
    try {
      const content = await openContent(abort.signal);
      stalled.refresh();
      try {
        await this.store(sha256, content, abort.signal, stalled);
      } finally {
        content.stream.destroy();
      }
    } catch (error) {
      if (error instanceof FileSourceError) throw error;
      throw new FileSourceError('unavailable', 'the content could not be fetched', { cause: error });
    } finally {
      clearTimeout(stalled);
    }
  }

  private async store(
    sha256: string,
    { size, stream }: FileContent,
    signal: AbortSignal,
    stalled: NodeJS.Timeout,
  ): Promise<void> {
    const part = join(this.options.directory, `.${sha256}.${randomBytes(8).toString('hex')}.part`);
    this.fillingBytes += size;
    const onAbort = (): void => void stream.destroy(new Error('stalled'));
    signal.addEventListener('abort', onAbort);
    try {
      await this.makeRoom();
      const handle = await open(part, 'wx', 0o600);
      try {
        const hash = createHash('sha256');
        let written = 0;
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          stalled.refresh();
          written += chunk.length;
          if (written > size) break;
          hash.update(chunk);
          await handle.writeFile(chunk);
        }
        if (written !== size || hash.digest('hex') !== sha256) {
          throw new FileSourceError('unavailable', 'the content that came is not the one asked for');
        }
        // A name must not outlive a power cut that the bytes did not.
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(part, this.pathOf(sha256));
    } catch (error) {
      await unlink(part).catch(() => undefined);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.fillingBytes -= size;
    }
  }

  /** Removes what was used longest ago until what is being fetched has room. Looks at the disk: others may share it. */
  private async makeRoom(): Promise<void> {
    const { maxBytes } = this.options;
    if (this.fillingBytes > maxBytes) throw new FileSourceError('unavailable', 'the content is larger than the cache');
    const entries = (await this.entries()).sort((a, b) => a.usedAtMs - b.usedAtMs);
    let bytes = entries.reduce((sum, { size }) => sum + size, this.fillingBytes);
    for (const { path, sha256, size } of entries) {
      if (bytes <= maxBytes) return;
      await unlink(path).catch(() => undefined); // whoever reads it has it open
      this.checked.delete(sha256);
      this.usedAtMs.delete(sha256);
      bytes -= size;
    }
  }

  private async entries(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (const name of await readdir(this.options.directory)) {
      const path = join(this.options.directory, name);
      const isPartial = PARTIAL.test(name);
      if (!isPartial && !NAME.test(name)) continue;
      const stats = await lstat(path).catch(() => undefined);
      if (stats === undefined) continue;
      if (isPartial) {
        if (Date.now() - stats.mtimeMs > ABANDONED_MS) await unlink(path).catch(() => undefined);
        continue;
      }
      const usedAtMs = Math.max(stats.mtimeMs, this.usedAtMs.get(name) ?? 0);
      entries.push({ path, sha256: name, size: stats.size, usedAtMs });
    }
    return entries;
  }

  private pathOf(sha256: string): string {
    if (!NAME.test(sha256)) throw new RangeError('not a SHA-256');
    return join(this.options.directory, sha256);
  }
}

async function hasHash(sha256: string, handle: FileHandle, size: number): Promise<boolean> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(HASH_CHUNK);
  for (let at = 0; at < size;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return false;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest('hex') === sha256;
}
