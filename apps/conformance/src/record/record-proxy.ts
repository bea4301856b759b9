import { once } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSelfSignedCertificate } from '@opendls/crypto';
import { Connection } from '../wire/connection.js';
import { headerValues, type WireAnswer } from '../wire/read-response.js';
import { requestHead } from '../wire/request-text.js';
import type { Target } from '../wire/target.js';
import { endsContact, Recorder } from './recorder.js';
import type { Headers, Recording } from './recording.js';

const MAX_BODY_BYTES = 2_097_152;
const INITIAL =
  /<(?:\w+:)?ReasonForContact\b[^>]*>\s*(?:start-up|solicited|local-changes|inventory-changes|status)\s*</;

export interface RecordingProxy {
  readonly port: number;
  /** The first contact that came to its end. */
  readonly recorded: Promise<Recording>;
  close(): Promise<void>;
}

export interface ProxyOptions {
  readonly target: Target;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly note: string;
}

/** Stands between phones and a server, hands everything on as it is, and writes the first whole contact down. */
export async function startRecordingProxy(options: ProxyOptions): Promise<RecordingProxy> {
  const tls = await createSelfSignedCertificate({ commonName: 'recording', altNames: ['127.0.0.1'], days: 30 });
  const contacts = new Contacts();
  let finish = (_recording: Recording): void => undefined;
  const recorded = new Promise<Recording>((resolve) => (finish = resolve));
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const sentAtMs = performance.now();
    const answer = await forward(options, request, body);
    const recorder = contacts.of(body, request.headers.cookie, answer);
    recorder?.add(
      { line: lineOf(request), headers: pairs(request.rawHeaders), xml: body.toString('utf8') },
      sentAtMs,
      answer,
    );
    if (recorder !== undefined && endsContact(answer)) finish(recorder.finish(options.note));
    const headers = answer.headers.filter(([name]) => !/^(transfer-encoding|connection|keep-alive)$/i.test(name));
    response.writeHead(answer.status, headers.flat());
    response.end(answer.body);
  };
  const server = createServer({ ...tls, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.on('tlsClientError', () => undefined);
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    recorded,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close').catch(() => undefined);
    },
  };
}

/** Which recorder a message belongs to: a first message begins one, later ones are known by their cookie. */
class Contacts {
  readonly #byCookie = new Map<string, Recorder>();

  of(body: Buffer, cookie: string | undefined, answer: WireAnswer): Recorder | undefined {
    const isFirst = INITIAL.test(body.toString('utf8'));
    const known = [...this.#byCookie].find(([value]) => cookie?.includes(value) === true)?.[1];
    // `status` continues a contact whose file it is about (PROTOCOL 3.1).
    const isStatus = />\s*status\s*</.test(body.toString('utf8'));
    const recorder = isFirst && !(isStatus && known !== undefined) ? new Recorder() : known;
    const value = headerValues(answer, 'set-cookie')[0]?.split(';')[0]?.split('=')[1];
    if (recorder !== undefined && value !== undefined && value !== '') this.#byCookie.set(value, recorder);
    return recorder;
  }
}

async function forward(
  { target, timeoutMs }: ProxyOptions,
  request: IncomingMessage,
  body: Buffer,
): Promise<WireAnswer> {
  const connection = await Connection.open(target, timeoutMs);
  try {
    const { cookie, 'content-type': contentType } = request.headers;
    const head = requestHead({ ...target, path: request.url ?? target.path }, body.length, {
      method: request.method ?? 'POST',
      cookie,
      contentType: contentType ?? null,
      connection: 'close',
    });
    await connection.write(Buffer.concat([Buffer.from(head), body]));
    return await connection.readAnswer();
  } finally {
    connection.destroy();
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('the body is too large to be recorded');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function lineOf({ method, url, httpVersion }: IncomingMessage): string {
  return `${method} ${url} HTTP/${httpVersion}`;
}

function pairs(raw: readonly string[]): Headers {
  return Array.from({ length: raw.length / 2 }, (_, n) => [raw[2 * n] ?? '', raw[2 * n + 1] ?? ''] as const);
}
