import { connect, type ConnectionOptions } from 'node:tls';
import { decodeMessage, encodeWorkpointMessage, type DlsMessage, type WorkpointMessage } from '@opendls/dls-codec';
import { PATH } from './raw-phone.js';

/** What came of one message over one connection of its own. */
export interface Talk {
  readonly answer: DlsMessage;
  readonly cookie: string | undefined;
  /** The newest ticket the server gave. */
  readonly session: Buffer | undefined;
  readonly isReused: boolean;
  /** Common name of the server's certificate. */
  readonly server: string;
}

/** Sends one message over a TLS connection made exactly as the test says. Rejects when there is no answer. */
export function talk(
  url: string,
  message: WorkpointMessage,
  options: ConnectionOptions & { readonly cookie?: string; readonly target?: string } = {},
): Promise<Talk> {
  const { hostname, port } = new URL(url);
  const { cookie, target = PATH, ...tls } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...tls });
    let text = '';
    let session: Buffer | undefined;
    let isReused = false;
    let server = '';
    socket.setEncoding('utf8');
    socket.on('session', (ticket) => (session = ticket));
    socket.on('secureConnect', () => {
      isReused = socket.isSessionReused();
      server = String(socket.getPeerCertificate().subject?.CN ?? '');
      const body = encodeWorkpointMessage(message);
      socket.write(
        `POST ${target} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: text/xml\r\nConnection: close\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n${cookie ? `Cookie: ${cookie}\r\n` : ''}\r\n${body}`,
      );
    });
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const decoded = decodeMessage(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4)));
      if (!decoded.ok || decoded.message.kind !== 'dls') return reject(new Error(`no answer: ${text.slice(0, 200)}`));
      const given = /^Set-Cookie: (.*)$/im.exec(text)?.[1];
      resolve({ answer: decoded.message, cookie: given, session, isReused, server });
    });
  });
}
