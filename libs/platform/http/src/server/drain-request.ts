import type { IncomingMessage } from 'node:http';

/** A client that still sends while it is refused is listened to for this much, so that it gets to read the answer. */
const MAX_DRAINED_BYTES = 16_777_216;
const MAX_DRAIN_MS = 2_000;

/**
 * Reads on, and forgets, what is left of a body that is answered before it is there. An answer that closes the connection
 * under a client that still writes does not reach it: most clients see a broken pipe.
 */
export async function drainRequest(request: IncomingMessage): Promise<void> {
  const { headers } = request;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  if (!hasBody || request.complete || request.destroyed) return;
  await new Promise<void>((resolve) => {
    let bytes = 0;
    const timer = setTimeout(resolve, MAX_DRAIN_MS);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_DRAINED_BYTES) resolve();
    });
    for (const event of ['end', 'close', 'error'] as const) {
      request.once(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
    request.resume();
  });
}
