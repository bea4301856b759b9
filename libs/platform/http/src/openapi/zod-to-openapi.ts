import { applyDecorators } from '@nestjs/common';
import { ApiQuery, type SchemaObject } from '@nestjs/swagger';
import { z } from 'zod';

/** A schema object as `@ApiBody({ schema })` and `@ApiOkResponse({ schema })` take it. */
export type OpenApiSchema = SchemaObject;

/**
 * The OpenAPI form of a zod schema, so that the document shows what is really checked.
 * `io: 'input'` is what a client sends (defaults are optional), `'output'` what it receives. A date is shown as the text
 * that JSON makes of it.
 */
export function zodToOpenApi(schema: z.ZodType, io: 'input' | 'output' = 'output'): OpenApiSchema {
  const json = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io,
    reused: 'inline',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodDate) Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      // Answers may gain members at any time; a client that validates must not be told that they cannot.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  // Members of JSON Schema that OpenAPI 3.0 does not know.
  return Object.fromEntries(Object.entries<unknown>(json).filter(([key]) => key !== '$schema' && key !== '~standard'));
}

/** `@ApiQuery` for every member of an object schema. */
export function apiQueries(schema: z.ZodObject<z.ZodRawShape>): MethodDecorator & ClassDecorator {
  const decorators = Object.entries(schema.shape).map(([name, member]) => {
    const field = z.object({ [name]: member });
    const { required, properties } = zodToOpenApi(field, 'input');
    const property = properties?.[name];
    return ApiQuery({ name, required: required?.includes(name) ?? false, schema: property ?? {} });
  });
  return applyDecorators(...decorators);
}
