/** How the end of a response's body is found. */
export type Framing = 'content-length' | 'chunked' | 'until-close' | 'none';

/** One HTTP response as it came, headers in order and undecoded. */
export interface WireAnswer {
  readonly version: string;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body without its framing. */
  readonly body: Buffer;
  readonly framing: Framing;
}

export type ReadResponse =
  | { readonly state: 'incomplete' }
  | { readonly state: 'complete'; readonly answer: WireAnswer; readonly consumed: number }
  | { readonly state: 'malformed'; readonly message: string };

const INCOMPLETE: ReadResponse = { state: 'incomplete' };

/**
 * Reads the first response in what has arrived. Interim responses (100) are passed over.
 *
 * @param hasEnded whether the server has closed its side, so that nothing more comes
 */
export function readResponse(bytes: Buffer, hasEnded: boolean): ReadResponse {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) {
    if (!hasEnded || bytes.length === 0) return INCOMPLETE;
    return { state: 'malformed', message: 'the header does not end' };
  }
  const [statusLine = '', ...headerLines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const match = /^(HTTP\/\d\.\d) (\d{3})(?: .*)?$/.exec(statusLine);
  if (match === null) return { state: 'malformed', message: `the status line is '${statusLine.slice(0, 80)}'` };
  const status = Number(match[2]);
  const start = headEnd + 4;
  if (status >= 100 && status < 200) return afterInterim(bytes, start, hasEnded);
  const headers = headerLines.map(splitHeader);
  return readBody({ version: match[1] ?? '', status, headers }, bytes, start, hasEnded);
}

/** The values of a header in order. */
export function headerValues(answer: Pick<WireAnswer, 'headers'>, name: string): readonly string[] {
  return answer.headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

function afterInterim(bytes: Buffer, start: number, hasEnded: boolean): ReadResponse {
  const result = readResponse(bytes.subarray(start), hasEnded);
  return result.state === 'complete' ? { ...result, consumed: result.consumed + start } : result;
}

function splitHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()];
}

type Head = Omit<WireAnswer, 'body' | 'framing'>;

function readBody(head: Head, bytes: Buffer, start: number, hasEnded: boolean): ReadResponse {
  if (head.status === 204 || head.status === 304) return complete(head, Buffer.alloc(0), 'none', start);
  if (/\bchunked\b/i.test(headerValues(head, 'transfer-encoding').join(','))) return readChunks(head, bytes, start);
  const [length] = headerValues(head, 'content-length');
  if (length === undefined) {
    if (!hasEnded) return INCOMPLETE;
    return complete(head, bytes.subarray(start), 'until-close', bytes.length);
  }
  if (!/^\d{1,9}$/.test(length)) return { state: 'malformed', message: `Content-Length is '${length.slice(0, 40)}'` };
  const end = start + Number(length);
  if (bytes.length >= end) return complete(head, bytes.subarray(start, end), 'content-length', end);
  if (!hasEnded) return INCOMPLETE;
  const missing = end - bytes.length;
  return { state: 'malformed', message: `the body ends ${missing} bytes before the Content-Length of ${length}` };
}

function readChunks(head: Head, bytes: Buffer, start: number): ReadResponse {
  const pieces: Buffer[] = [];
  let position = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', position);
    if (lineEnd < 0) return INCOMPLETE;
    const size = parseInt(bytes.toString('latin1', position, lineEnd), 16);
    if (!Number.isInteger(size)) return { state: 'malformed', message: 'a chunk has no size' };
    const end = lineEnd + 2 + size + 2;
    if (bytes.length < end) return INCOMPLETE;
    if (size === 0) return complete(head, Buffer.concat(pieces), 'chunked', end);
    pieces.push(bytes.subarray(lineEnd + 2, end - 2));
    position = end;
  }
}

function complete(head: Head, body: Buffer, framing: Framing, consumed: number): ReadResponse {
  return { state: 'complete', answer: { ...head, body: Buffer.from(body), framing }, consumed };
}
