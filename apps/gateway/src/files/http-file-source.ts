import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { FileLink } from '@opendls/file-links';
import { FileSourceError, type FileContent, type FileSource } from './file-source.js';

const CONNECT_TIMEOUT_MS = 5_000;
const GONE_STATUSES = [403, 404, 410];

/** Gets contents from the API of config-policy. The token in the path is the whole authorization. */
export class HttpFileSource implements FileSource {
  /** @param baseUrl without a slash at the end */
  constructor(private readonly baseUrl: string) {}

  async open(token: string, _link: FileLink, signal: AbortSignal): Promise<FileContent> {
    const response = await this.request(`${this.baseUrl}/config-policy/v1/file-contents/${token}`, signal);
    const { statusCode = 0, headers } = response;
    const size = Number(headers['content-length'] ?? Number.NaN);
    if (statusCode === 200 && Number.isSafeInteger(size) && size >= 0) return { size, stream: response };
    response.destroy();
    const isGone = GONE_STATUSES.includes(statusCode);
    throw new FileSourceError(isGone ? 'gone' : 'unavailable', `config-policy answered ${statusCode}`);
  }

  private request(url: string, signal: AbortSignal): Promise<IncomingMessage> {
    const begin = url.startsWith('https:') ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const outgoing = begin(url, { agent: false, signal, timeout: CONNECT_TIMEOUT_MS });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
      outgoing.on('error', (error) =>
        reject(new FileSourceError('unavailable', 'config-policy not reached', { cause: error })),
      );
      outgoing.on('response', (response) => {
        response.on('error', () => undefined); // whoever reads the stream sees it
        resolve(response);
      });
      outgoing.end();
    });
  }
}
