import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { ByteRange } from './byte-range.js';

export interface SendLimits {
  /** Whoever takes nothing for this long is cut off. */
  readonly stallMs: number;
  /** And whoever is slower than this on the whole. */
  readonly minBytesPerSecond: number;
}

export type SendOutcome = 'sent' | 'aborted' | 'stalled';

const CHUNK_BYTES = 65_536;

/** Sends a range of a file, a chunk at a time: what a slow phone does not take stays on the disk. Never rejects. */
export async function sendContent(
  response: ServerResponse,
  handle: FileHandle,
  { first, last }: ByteRange,
  limits: SendLimits,
): Promise<SendOutcome> {
  let isStalled = false;
  const cut = (): void => {
    isStalled = true;
    response.destroy();
  };
  const stall = setTimeout(cut, limits.stallMs);
  const seconds = (last - first + 1) / limits.minBytesPerSecond;
  const whole = setTimeout(cut, Math.min(2 ** 31 - 1, limits.stallMs + seconds * 1_000));
  try {
    for (let at = first; at <= last;) {
      // A buffer of its own each time: the socket may still hold the one before.
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, last - at + 1));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0 || response.destroyed) break;
      at += bytesRead;
      const isLast = at > last;
      const chunk = bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
      if (isLast) response.end(chunk);
      const isTaken = isLast ? response.writableFinished : response.write(chunk);
      if (!isTaken) await progressOf(response, isLast ? 'finish' : 'drain');
      stall.refresh();
    }
  } catch {
    // the disk failed: the phone sees a connection that breaks off
  } finally {
    clearTimeout(stall);
    clearTimeout(whole);
    await handle.close().catch(() => undefined);
  }
  if (response.writableFinished) return 'sent';
  response.destroy();
  return isStalled ? 'stalled' : 'aborted';
}

/** Until what was written is taken, or nobody is there any more. */
function progressOf(response: ServerResponse, event: 'drain' | 'finish'): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off(event, done);
      response.off('close', done);
      resolve();
    };
    if (response.destroyed || response.writableFinished) return resolve();
    response.on(event, done);
    response.on('close', done);
  });
}
