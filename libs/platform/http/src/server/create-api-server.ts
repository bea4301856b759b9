import 'reflect-metadata';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { RolesGuard } from '../auth/roles.js';
import { buildDocument } from '../openapi/document.js';
import { registerDocsRoutes } from '../openapi/docs-routes.js';
import type { ProblemTable } from '../problem/http-problem.js';
import { ProblemFilter } from '../problem/problem-filter.js';
import { createFastify, type PreparedServer } from './create-fastify.js';
import type { HttpServerOptions, RunningServer } from './http-server-options.js';
import { listen } from './listen.js';
import { NestLogger } from './nest-logger.js';

/** What an API server is made of. */
export interface ApiServerOptions extends HttpServerOptions {
  readonly title: string;
  readonly description?: string;
  readonly version?: string;
  /** Modules with the controllers of the services. */
  readonly modules: readonly (DynamicModule | Type)[];
  /** Answers for the codes of errors that leave controllers. */
  readonly problems?: ProblemTable;
}

/** An API that listens. */
export interface ApiServer extends RunningServer {
  readonly openApi: OpenAPIObject;
}

/**
 * Serves the controllers of `modules` behind API keys, with problem+json errors, `/openapi.json`, `/docs`, health and
 * metrics. Resolves when it listens.
 * @throws ListenError when the port cannot be had
 */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const prepared = createFastify(options);
  registerDocsRoutes(prepared.server, options.title, () => document);
  const app = await createApp(options, prepared);
  const document = buildDocument(app, {
    title: options.title,
    description: options.description,
    version: options.version ?? '1',
  });
  await app.init();
  const running = await listen(prepared, options, () => app.close());
  return { ...running, openApi: document };
}

async function createApp(
  { modules, logger, problems = {} }: ApiServerOptions,
  { server, unmatched }: PreparedServer,
): Promise<INestApplication> {
  class ApiModule {}
  const app = await NestFactory.create({ module: ApiModule, imports: [...modules] }, new FastifyAdapter(server), {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
  });
  app.useGlobalGuards(new RolesGuard(app.get(Reflector)));
  app.useGlobalFilters(new ProblemFilter(logger, problems, unmatched));
  return app;
}
