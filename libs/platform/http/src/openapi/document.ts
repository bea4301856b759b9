import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { zodToOpenApi } from './zod-to-openapi.js';

/** What the document says about itself. */
export interface DocumentOptions {
  readonly title: string;
  readonly description?: string;
  readonly version: string;
}

const SECURITY_SCHEME = 'apiKey';

/** What every error looks like (RFC 9457). */
export const problemSchema = z.object({
  type: z.string().describe('A URN made of the code'),
  title: z.string().describe('Constant text for people'),
  status: z.int(),
  code: z.string().describe('Stable code for programs'),
  detail: z.string().optional().describe('What is special about this case'),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .describe('Every thing wrong with the input, by path'),
  requestId: z.string().optional().describe('Finds the request in the log of the server'),
});

/** The OpenAPI document of all controllers: every operation needs a key and may answer with a problem. */
export function buildDocument(app: INestApplication, options: DocumentOptions): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle(options.title)
    .setDescription(options.description ?? '')
    .setVersion(options.version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key, `odls_...`' }, SECURITY_SCHEME)
    .addSecurityRequirements(SECURITY_SCHEME);
  const document = SwaggerModule.createDocument(app, builder.build());
  return {
    ...document,
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, Problem: zodToOpenApi(problemSchema) },
    },
    paths: withProblems(document.paths),
  };
}

const PROBLEM_ANSWERS = {
  '401': 'The API key is missing, unknown, expired or revoked',
  '403': 'The role of the API key does not allow this',
  default: 'Any other problem',
} as const;

function withProblems(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  for (const item of Object.values(paths)) {
    for (const operation of [item.get, item.put, item.post, item.delete, item.patch]) {
      if (operation === undefined) continue;
      for (const [status, description] of Object.entries(PROBLEM_ANSWERS)) {
        operation.responses[status] ??= { description, content };
      }
      for (const [status, response] of Object.entries(operation.responses)) {
        const isBare = response !== undefined && !('$ref' in response) && response.content === undefined;
        if (isBare && /^[45]/.test(status)) operation.responses[status] = { ...response, content };
      }
    }
  }
  return paths;
}
