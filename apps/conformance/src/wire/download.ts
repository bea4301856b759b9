import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { CaseFailure } from '../conformance-case.js';

/** The answer to an ordinary HTTP request. */
export interface Download {
  readonly status: number;
  readonly body: Buffer;
  header(name: string): string | undefined;
}

const MAX_BYTES = 67_108_864;

/** Loads from any address, as phones do: every TLS version, no look at the certificate (PROTOCOL 1.4). */
export async function download(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Download> {
  const options = { method, headers, agent: false, signal: AbortSignal.timeout(timeoutMs) };
  const request = url.startsWith('https:')
    ? requestTls(url, { ...options, rejectUnauthorized: false, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' })
    : requestPlain(url, options);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', resolve);
      request.on('error', reject);
      request.end();
    });
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MAX_BYTES) throw new Error('too much');
      pieces.push(piece);
    }
    const header = (name: string): string | undefined => {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    return { status: response.statusCode ?? 0, body: Buffer.concat(pieces), header };
  } catch (error) {
    throw new CaseFailure(`an answer to ${method} ${url}`, error instanceof Error ? error.message : String(error));
  }
}
