import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { problem } from '../problem/http-problem.js';
import { HTTP_PROBLEMS } from '../problem/http-problems.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler reads the body as a stream, or sends a long answer: the longer time of `HttpLimits` holds. */
    streams?: boolean;
  }
}

/** A body that was not read: the handler does, as far as it wants to. */
export class StreamedBody {
  constructor(
    private readonly request: IncomingMessage,
    /** What `Content-Length` says, if it says something. */
    readonly declaredBytes: number | undefined,
  ) {}

  /**
   * The bytes as they arrive. Whoever stops early leaves the rest to the server, which answers before it closes. Ends with
   * an error when the client goes away in the middle.
   */
  chunks(): AsyncIterable<Buffer> {
    // Destroying the request would destroy the connection, and the answer with it.
    const iterator: AsyncIterable<Buffer> = this.request.iterator({ destroyOnReturn: false });
    return iterator;
  }
}

/** The body of a request of a handler with `@Streams()`. @throws HttpProblem `body-missing`, `unsupported-media-type` */
export function streamedBody(body: unknown): StreamedBody {
  if (body instanceof StreamedBody) return body;
  if (body === undefined || body === null) throw problem(HTTP_PROBLEMS, 'body-missing');
  throw problem(HTTP_PROBLEMS, 'unsupported-media-type', {
    detail: 'Send the bytes as application/octet-stream or as their own type; JSON and YAML are not possible here.',
  });
}

/** Hands bodies of all other types to handlers that stream them; elsewhere they are refused. */
export function registerStreamedBodies(server: FastifyInstance): void {
  server.addContentTypeParser('*', (request, payload, done) => {
    if (request.routeOptions.config.streams !== true) {
      done(problem(HTTP_PROBLEMS, 'unsupported-media-type'));
      return;
    }
    const length = request.headers['content-length'];
    done(null, new StreamedBody(payload, length === undefined ? undefined : Number(length)));
  });
}
