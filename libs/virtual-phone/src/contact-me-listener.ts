import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A phone's little web server that takes ContactMe requests (PROTOCOL 8.1). */
export interface ContactMeListener {
  /** What the phone reports as `contact-me-uri`. */
  readonly url: string;
  /** Requests so far, the wrong ones too. */
  readonly requests: readonly ContactMeRequest[];
  /** How it answers from now on. */
  behave(behaviour: ContactMeBehaviour): void;
  close(): Promise<void>;
}

export interface ContactMeRequest {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/**
 * `deaf` takes the request and never answers; `refusing` answers 500; `ignoring` answers 204 and does nothing about it, as
 * real phones sometimes do; `delayMs` is waited before an answer.
 */
export interface ContactMeBehaviour {
  readonly kind: 'proper' | 'deaf' | 'refusing' | 'ignoring';
  readonly delayMs?: number;
}

export interface ContactMeAddress {
  readonly host?: string;
  /** 0 takes any free one; real phones have 8085. */
  readonly port?: number;
  readonly behaviour?: ContactMeBehaviour;
}

export const CONTACT_ME_PATH = '/contact_dls.html/ContactDLS';
export const CONTACT_ME_PORT = 8085;
const MAX_BODY_BYTES = 4096;
const MAX_REQUESTS_KEPT = 1000;

/** Listens for ContactMe requests. */
export async function listenForContactMe(
  onContactMe: () => void,
  { host = '127.0.0.1', port = 0, behaviour = { kind: 'proper' } }: ContactMeAddress = {},
): Promise<ContactMeListener> {
  const requests: ContactMeRequest[] = [];
  let manners = behaviour;
  const server = createServer((incoming, outgoing) => {
    readBody(incoming).then(
      (body) => {
        const { method = '', url: path = '' } = incoming;
        if (requests.length < MAX_REQUESTS_KEPT) requests.push({ atMs: Date.now(), method, path, body });
        answer(incoming, outgoing, manners, onContactMe);
      },
      () => outgoing.destroy(), // whoever asked is gone
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  // A TCP server has an address object, a string is for pipes only.
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}${CONTACT_ME_PATH}`,
    requests,
    behave: (next) => void (manners = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** POST with a form, GET with a query and a bare GET all work on real phones. */
function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { kind, delayMs = 0 }: ContactMeBehaviour,
  onContactMe: () => void,
): void {
  if (kind === 'deaf') return;
  const isContactMe = incoming.url?.split('?')[0] === CONTACT_ME_PATH && /^(?:GET|POST)$/.test(incoming.method ?? '');
  const respond = (): void => {
    const status = kind === 'refusing' ? 500 : isContactMe ? 204 : 404;
    outgoing.writeHead(status, { Server: 'DlsClient', 'Content-Length': '0', 'Content-type': 'text/html' });
    outgoing.end();
    if (status === 204 && kind === 'proper') onContactMe();
  };
  if (delayMs === 0) return respond();
  const timer = setTimeout(respond, delayMs);
  outgoing.on('close', () => clearTimeout(timer));
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    if (body.length < MAX_BODY_BYTES) body += chunk.toString();
  }
  return body;
}

/** The loopback address of a phone of a fleet, so that each can have the port real phones have: 127.1.0.1 and on. */
export function loopbackAddress(offset: number): string {
  const host = offset + 1;
  if (host >= 254 * 65_536) throw new RangeError(`no loopback address for phone ${offset}`);
  return `127.${1 + Math.floor(host / 65_536)}.${Math.floor(host / 256) % 256}.${host % 256}`;
}
