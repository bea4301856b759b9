import type { IncomingMessage } from 'node:http';
import type { BodyShare } from './body-budget.js';

export type Body =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly code: 'body-too-large' | 'too-many-bodies' | 'aborted' };

/** The whole body, up to a limit, while there is room for it. How long it may take is the server's `requestTimeout`. */
export function readBody(request: IncomingMessage, maxBytes: number, share: BodyShare): Promise<Body> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return Promise.resolve({ ok: false, code: 'body-too-large' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isKept = true;
    const giveUp = (code: 'body-too-large' | 'too-many-bodies'): void => {
      isKept = false;
      chunks.length = 0;
      resolve({ ok: false, code });
    };
    request.on('data', (chunk: Buffer) => {
      if (!isKept) return;
      size += chunk.length;
      if (size > maxBytes) giveUp('body-too-large');
      else if (share.fits(size)) chunks.push(chunk);
      else giveUp('too-many-bodies');
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve({ ok: true, bytes: chunks.length === 1 && only ? only : Buffer.concat(chunks) });
    });
    request.on('error', () => resolve({ ok: false, code: 'aborted' }));
    request.on('close', () => resolve({ ok: false, code: 'aborted' }));
  });
}
