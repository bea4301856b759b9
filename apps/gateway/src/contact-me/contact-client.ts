import { lookup } from 'node:dns/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { CONTACT_ME_PATH, type ContactTarget } from './contact-target.js';

/** Why a phone could not be asked, or what was wrong with its answer. */
export type ContactFailureCode = 'name-not-resolved' | 'connect-failed' | 'answer-malformed';

export type ContactAnswer =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'failed'; readonly code: ContactFailureCode }
  | { readonly kind: 'timeout' };

/** Finds the addresses of a name. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** Phones answer 204 with four short headers. */
const MAX_HEADER_BYTES = 8_192;
const MAX_BODY_BYTES = 16_384;

/** The resolver of the system, `/etc/hosts` included. */
export const systemResolve: Resolve = async (name) =>
  (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address);

/** The form of a ContactMe (PROTOCOL 8.1). */
export function contactForm(callback: { readonly address: string; readonly port: number } | null): string {
  const form = new URLSearchParams({ ContactMe: 'true' });
  if (callback !== null) {
    form.set('dls_ip_addr', callback.address);
    form.set('dls_ip_port', String(callback.port));
  }
  return form.toString();
}

/**
 * One POST to exactly this address: nothing is resolved, no redirect is followed, no proxy and no connection of somebody
 * else is used, and what the phone sends is read no further than needed. Never rejects.
 */
export function postContactMe(
  { port, authority }: ContactTarget,
  address: string,
  form: string,
  timeoutMs: number,
): Promise<ContactAnswer> {
  return new Promise((resolve) => {
    const outgoing = request({
      host: address,
      family: isIPv6(address) ? 6 : 4,
      port,
      method: 'POST',
      path: CONTACT_ME_PATH,
      agent: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      setHost: false,
      headers: {
        Host: authority,
        'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
        'Content-Length': Buffer.byteLength(form),
        Connection: 'close',
      },
    });
    const timer = setTimeout(() => end({ kind: 'timeout' }), Math.max(1, timeoutMs));
    const end = (answer: ContactAnswer): void => {
      clearTimeout(timer);
      resolve(answer);
      // Also after an answer: a phone that goes on sending is not listened to.
      if (answer.kind !== 'answered') outgoing.destroy();
    };
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      end({ kind: 'failed', code: isParserError(error) ? 'answer-malformed' : 'connect-failed' }),
    );
    outgoing.on('upgrade', (_response, socket) => {
      socket.destroy();
      end({ kind: 'answered', status: 101 });
    });
    outgoing.on('response', (response) => {
      discard(outgoing, response, timeoutMs);
      end({ kind: 'answered', status: response.statusCode ?? 0 });
    });
    outgoing.end(form);
  });
}

/** Lets the phone finish a short answer, then cuts: resetting the connection under it is nothing its web server likes. */
function discard(outgoing: ClientRequest, response: IncomingMessage, timeoutMs: number): void {
  let bytes = 0;
  const cut = setTimeout(() => outgoing.destroy(), timeoutMs);
  cut.unref();
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) outgoing.destroy();
  });
  response.on('error', () => undefined);
  response.on('close', () => clearTimeout(cut));
}

function isParserError({ code = '' }: NodeJS.ErrnoException): boolean {
  return code.startsWith('HPE_');
}
