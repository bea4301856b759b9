import type { IncomingMessage } from 'node:http';

export type Body =
  { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly code: 'body-too-large' | 'aborted' };

/** The whole body, up to a limit. How long it may take is the server's `requestTimeout`. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Body> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return Promise.resolve({ ok: false, code: 'body-too-large' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else resolve({ ok: false, code: 'body-too-large' });
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve({ ok: true, bytes: chunks.length === 1 && only ? only : Buffer.concat(chunks) });
    });
    request.on('error', () => resolve({ ok: false, code: 'aborted' }));
    request.on('close', () => resolve({ ok: false, code: 'aborted' }));
  });
}
