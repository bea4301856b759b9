import type { FastifyInstance } from 'fastify';
import { problem } from '../problem/http-problem.js';
import { HTTP_PROBLEMS } from '../problem/http-problems.js';
import { registerStreamedBodies } from './streamed-body.js';

/** What the body says it is. */
export type BodyMediaType = 'json' | 'yaml';

/**
 * A body as it arrived, checked to be text and within the limit but not parsed: a controller that wants JSON uses
 * `parseBody`, one that reports positions in a document uses `rawBody` and parses by itself.
 */
export class RawBody {
  constructor(
    readonly mediaType: BodyMediaType,
    readonly text: string,
  ) {}
}

const JSON_TYPES = /^application\/([\w.+-]+\+)?json(?=\s*(;|$))/i;
const YAML_TYPES = /^(application\/(yaml|x-yaml)|text\/(yaml|x-yaml))(?=\s*(;|$))/i;

/** Makes a server take JSON and YAML bodies as `RawBody`, any other where a route streams its body, and nothing else. */
export function registerBodyParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const parse =
    (mediaType: BodyMediaType) =>
    (_request: unknown, body: Buffer, done: (error: Error | null, body?: RawBody) => void): void => {
      const text = decodeUtf8(body);
      if (text === undefined) done(problem(HTTP_PROBLEMS, 'malformed-body', { detail: 'The body is not UTF-8 text.' }));
      else done(null, new RawBody(mediaType, text));
    };
  server.addContentTypeParser(JSON_TYPES, { parseAs: 'buffer' }, parse('json'));
  server.addContentTypeParser(YAML_TYPES, { parseAs: 'buffer' }, parse('yaml'));
  registerStreamedBodies(server);
}

/** The body of a request as text, with what it says it is. A missing or empty body is a problem. */
export function rawBody(body: unknown): RawBody {
  if (body instanceof RawBody && body.text.trim() !== '') return body;
  throw problem(HTTP_PROBLEMS, 'body-missing');
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The only thing a fatal decoder throws for.
    return undefined;
  }
}
