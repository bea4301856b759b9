import type { Random } from '@opendls/dls-codec/fuzz';
import { SECRET_MARK } from './fuzz-desk.js';
import type { PhoneState } from './phone-grammar.js';

const PATH = '/DeploymentService/LoginService';

/** One request as bytes, and what may be expected of it. */
export interface FuzzedRequest {
  readonly bytes: Buffer;
  /** HTTP as it should be, so that the connection lives on and exactly one answer comes. */
  readonly isSound: boolean;
  /** Reaches the service: its path and method. */
  readonly isForService: boolean;
  readonly charset: string | undefined;
  /** Cut into pieces at these places. */
  readonly cuts: readonly number[];
}

/** A request around a body, mostly as phones make it. */
export function nextRequest(random: Random, phone: PhoneState, body: Buffer): FuzzedRequest {
  return random.below(16) === 0 ? unsound(random, phone, body) : sound(random, phone, body);
}

function sound(random: Random, phone: PhoneState, body: Buffer): FuzzedRequest {
  const way = random.below(30);
  const path =
    way === 0
      ? random.pick(['/', '/x', `${PATH}/`, '/files/x', '//', '*'])
      : random.below(9) === 0
        ? `${PATH}?a=%00`
        : PATH;
  const method = way === 1 ? random.pick(['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) : 'POST';
  const charset = random.below(6) === 0 ? random.pick(['utf-8', 'iso-8859-1', 'us-ascii', 'klingon']) : undefined;
  const type = `text/xml${charset === undefined ? '' : `; charset=${charset}`}`;
  const isChunked = random.below(12) === 0;
  const head = lines(`${method} ${path} HTTP/1.1`, [
    'Host: 127.0.0.1',
    `${random.pick(['Content-Type', 'content-type', 'CONTENT-TYPE'])}: ${type}`,
    isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`,
    ...cookieLines(random, phone),
    ...(random.below(10) === 0
      ? [random.pick(['X-A: b', 'Accept: */*', 'X-Long: ' + 'y'.repeat(5_000), 'Via: 1.1 a'])]
      : []),
  ]);
  const bytes = Buffer.concat([Buffer.from(head), isChunked ? chunked(random, body) : body]);
  return {
    bytes,
    isSound: true,
    isForService: path.startsWith(PATH) && !path.startsWith(`${PATH}/`) && method === 'POST',
    charset,
    cuts: cuts(random, bytes.length),
  };
}

function unsound(random: Random, phone: PhoneState, body: Buffer): FuzzedRequest {
  const length = `Content-Length: ${body.length}`;
  const cookie = cookieLines(random, phone);
  const post = `POST ${PATH} HTTP/1.1`;
  const request = (start: string, headers: readonly string[]): Buffer =>
    Buffer.concat([Buffer.from(lines(start, ['Host: a', ...headers, ...cookie]), 'latin1'), body]);
  const whole = request(post, [length]);
  const bytes = random.pick<() => Buffer>([
    () => request(`POST ${PATH}`, [length]),
    () => request(`POST ${PATH} HTTP/9.9`, [length]),
    () => request(`POST ${PATH} HTTP/1.0`, [length]),
    () => request(`po\u0000st ${PATH} HTTP/1.1`, [length]),
    () => request(`CONNECT ${PATH} HTTP/1.1`, [length]),
    () => request(`HEAD ${PATH} HTTP/1.1`, []),
    () => request(post, ['Content-Length: -1']),
    () => request(post, ['Content-Length: 99999999999999999999']),
    () => request(post, [`Content-Length: ${body.length + 50}`]),
    () => request(post, [`Content-Length: ${Math.max(0, body.length - 20)}`]),
    () => request(post, [length, `Content-Length: ${body.length + 1}`]),
    () => request(post, [length, 'Transfer-Encoding: chunked']),
    () => request(post, ['Transfer-Encoding: chunked']),
    () => request(post, ['Transfer-Encoding: gzip, chunked']),
    () => request(post, ['Transfer-Encoding: identity']),
    () => request(post, []),
    () => request(post, [length, 'Expect: 100-continue']),
    () => request(post, [length, 'Expect: the impossible']),
    () => request(post, [length, 'Upgrade: websocket', 'Connection: Upgrade']),
    () => request(post, [length, 'Connection: close']),
    () => request(post, [length, `X-Big: ${'z'.repeat(20_000)}`]),
    () => request(post, [length, 'A\u0000B: c', ' folded: x', ': empty', 'no colon']),
    () => request(post, [length, ...Array.from({ length: 2_500 }, (_, n) => `H${n}: 1`)]),
    () => Buffer.concat([whole, whole, whole]),
    () => Buffer.concat([whole, Buffer.from('garbage after it')]),
    () => whole.subarray(0, random.below(whole.length + 1)),
    () => Buffer.concat([Buffer.from('\r\n\r\n\n'), whole]),
    () => Buffer.from(Array.from({ length: random.below(500) }, () => random.below(256))),
    () => request(post, ['Content-Length: 400000']),
    () => Buffer.concat([request(post, ['Content-Length: 400000']), Buffer.alloc(400_000, 0x20)]),
    () => flipped(random, whole),
  ])();
  return { bytes, isSound: false, isForService: false, charset: undefined, cuts: cuts(random, bytes.length) };
}

/** What phones and others do to a cookie (PROTOCOL 1.3). */
function cookieLines(random: Random, { cookie }: PhoneState): string[] {
  if (cookie === undefined) return random.below(8) === 0 ? ['Cookie: JSESSIONID=AAAA.BBBB'] : [];
  const [pair = ''] = cookie.split(';');
  return random.pick<() => string[]>([
    () => [`Cookie: ${pair}`],
    () => [`Cookie: ${pair}`],
    () => [`Cookie: ${pair}`],
    () => [`Cookie: ${cookie}`],
    () => [`Cookie: ${cookie}`],
    () => [],
    () => [`Cookie: ${pair.slice(0, random.below(pair.length + 1))}`],
    () => [`Cookie: ${pair.slice(0, -1)}${random.pick(['A', '-', '.', '"'])}`],
    () => [`Cookie: ${`${pair}; `.repeat(20)}`],
    () => [`Cookie: a=b; ${pair.toLowerCase()}`, `Cookie: ${pair}`],
    () => [`Cookie: JSESSIONID="${pair.split('=')[1] ?? ''}"; Path=/`],
  ])();
}

function chunked(random: Random, body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const piece = body.subarray(at, at + 1 + random.below(4_000));
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
    at += piece.length;
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

function cuts(random: Random, length: number): number[] {
  if (random.below(12) > 0) return [];
  return Array.from({ length: 1 + random.below(4) }, () => random.below(length + 1)).toSorted((a, b) => a - b);
}

function flipped(random: Random, bytes: Buffer): Buffer {
  // A flipped name is the name of no secret any more.
  const copy = Buffer.from(bytes.toString('latin1').replaceAll(SECRET_MARK, 'plain'), 'latin1');
  for (let n = 0; n < 3; n++) copy[random.below(copy.length)] = random.below(256);
  return copy;
}

function lines(start: string, headers: readonly string[]): string {
  return `${[start, ...headers].join('\r\n')}\r\n\r\n`;
}
