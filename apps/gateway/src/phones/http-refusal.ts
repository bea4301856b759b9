import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Answers for what is not a phone's message. To the other side only the status and a neutral line. */
export const HTTP_REFUSALS = {
  'not-found': [404, 'not found'],
  'method-not-allowed': [405, 'method not allowed'],
  'request-timeout': [408, 'request timeout'],
  'body-too-large': [413, 'body too large'],
  'too-many-bodies': [503, 'service unavailable'],
  'expectation-failed': [417, 'expectation failed'],
  'not-xml': [415, 'unsupported media type'],
  'not-a-message': [400, 'bad request'],
  'wrong-root': [400, 'bad request'],
  'missing-nonce': [400, 'bad request'],
  'malformed-http': [400, 'bad request'],
  'headers-too-large': [431, 'request header fields too large'],
} as const satisfies Record<string, readonly [number, string]>;
export type HttpRefusalCode = keyof typeof HTTP_REFUSALS;

/** What to answer to an error of the HTTP parser; undefined when there is nobody to answer, as TLS never came about. */
export function refusalOfError({ code = '' }: NodeJS.ErrnoException): HttpRefusalCode | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return code.startsWith('HPE_') ? 'malformed-http' : undefined;
}

/** A client that still sends while it is refused is listened to for this much, so that it gets to read the answer. */
const MAX_DRAINED_BYTES = 16_777_216;
const MAX_DRAIN_MS = 2_000;

/** Ends a request with a plain HTTP error and closes the connection. */
export function refuseRequest(
  request: IncomingMessage,
  response: ServerResponse,
  code: HttpRefusalCode,
  allow = 'POST',
): void {
  const [status, text] = HTTP_REFUSALS[code];
  const body = `${text}\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': body.length,
    Connection: 'close',
    ...(code === 'method-not-allowed' ? { Allow: allow } : {}),
  });
  if (request.complete) {
    response.end(body);
    return;
  }
  // Ending the response now would reset the connection under a client that still writes.
  response.write(body);
  drain(request, () => response.end());
}

/** Answers what could not even be parsed as HTTP. */
export function refuseSocket(socket: Duplex, code: HttpRefusalCode): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] = HTTP_REFUSALS[code];
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ${text.length + 1}\r\n` +
      `Connection: close\r\n\r\n${text}\n`,
  );
}

function drain(request: IncomingMessage, done: () => void): void {
  let bytes = 0;
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    done();
  };
  const timer = setTimeout(finish, MAX_DRAIN_MS);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DRAINED_BYTES) finish();
  });
  request.on('end', finish);
  request.on('close', finish);
  request.on('error', finish);
  request.resume();
}
