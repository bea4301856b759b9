import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

const TIMEOUT_MS = 10_000;

/** Where a phone asks whether there is work for it (PROTOCOL 8.2). Throws a TypeError when the base URL is none. */
export function dcmpUrl(base: string, macAddress: string): URL {
  const url = new URL(`${base.replace(/\/+$/, '')}/contact-me`);
  url.searchParams.set('device-id', macAddress);
  return url;
}

/** Asks once; the HTTP status is all there is to know. Rejects when there is no answer. */
export function pollDcmp(url: URL, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = request(url, {
      method: 'GET',
      agent: false,
      timeout: TIMEOUT_MS,
      signal,
      ...(url.protocol === 'https:' ? { rejectUnauthorized: false } : {}),
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer to the poll')));
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      incoming.resume();
      incoming.on('error', reject);
      incoming.on('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.end();
  });
}
