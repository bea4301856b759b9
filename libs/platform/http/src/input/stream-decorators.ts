import { RouteConfig } from '@nestjs/platform-fastify';

/**
 * Marks a handler that reads a body of any media type but JSON and YAML as a stream (`streamedBody`), without the limits of
 * size and time that hold for other requests; the handler counts. The client is authenticated before.
 */
export function Streams(): MethodDecorator {
  return RouteConfig({ streams: true });
}

/** Marks a handler that is open to everybody, with a long answer: the URL itself is the authorization. */
export function OpenStream(): MethodDecorator {
  return RouteConfig({ streams: true, public: true });
}
