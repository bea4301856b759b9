import { request, type Agent } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { SecureContextOptions } from 'node:tls';
import {
  decodeMessage,
  encodeWorkpointMessage,
  type DlsMessage,
  type Item,
  type WorkpointMessage,
} from '@opendls/dls-codec';

export const PATH = '/DeploymentService/LoginService';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly protocol: string | null;
}

export interface RawOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookie?: string;
  readonly agent?: Agent;
  readonly tls?: SecureContextOptions;
  /** Without a Content-Length. */
  readonly isChunked?: boolean;
}

/** One request, with every byte chosen by the test. */
export function send(url: string, body: string | Buffer, options: RawOptions = {}): Promise<RawAnswer> {
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(options.path ?? PATH, url), {
      method: options.method ?? 'POST',
      agent: options.agent ?? false,
      rejectUnauthorized: false,
      ...options.tls,
      headers: {
        'Content-Type': 'text/xml',
        ...(options.isChunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': bytes.length }),
        ...(options.cookie === undefined ? {} : { Cookie: options.cookie }),
        ...options.headers,
      },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const protocol =
        'getProtocol' in incoming.socket ? (incoming.socket as { getProtocol(): string }).getProtocol() : null;
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, protocol }),
      );
      incoming.on('error', reject);
    });
    outgoing.end(bytes);
  });
}

let nonces = 0;

/** A phone's message; a start-up of a phone of its own unless the parts say otherwise. */
export function message(parts: Partial<WorkpointMessage> = {}): WorkpointMessage {
  const nonce = `NONCE${String(++nonces).padStart(8, '0')}`;
  return { kind: 'workpoint', nonce, fragment: 'final', reason: 'start-up', items: basicItems(), ...parts };
}

export function basicItems(macAddress = '00:1A:E8:00:53:01', more: readonly Item[] = []): Item[] {
  return [
    { name: 'device-type', value: 'OpenStage 60' },
    { name: 'software-version', value: 'V3 R4.11.0' },
    { name: 'mac-addr', value: macAddress },
    { name: 'configuration-changed-flag', value: 'false' },
    { name: 'e164', value: '4989100231' },
    ...more,
  ];
}

/** A message sent, and the service's message in the answer. */
export async function exchange(
  url: string,
  sent: WorkpointMessage,
  options: RawOptions = {},
): Promise<DlsMessage & { readonly cookie: string | undefined; readonly headers: IncomingHttpHeaders }> {
  const answer = await send(url, encodeWorkpointMessage(sent), options);
  if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.text}`);
  const decoded = decodeMessage(Buffer.from(answer.text));
  if (!decoded.ok || decoded.message.kind !== 'dls') throw new Error(`not a DLSMessage: ${answer.text}`);
  const cookie = answer.headers['set-cookie']?.[0];
  return { ...decoded.message, cookie, headers: answer.headers };
}

export function isOverload({ items }: DlsMessage): boolean {
  return items?.some(({ name, value }) => name === 'cleanup-reason' && value === 'overload') ?? false;
}
