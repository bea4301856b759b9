import { z } from 'zod';
import { zodToOpenApi } from './zod-to-openapi.js';

describe('zodToOpenApi', () => {
  const schema = z.object({ at: z.date(), size: z.int().min(1).default(1), note: z.string().nullable().optional() });

  it('shows what a client receives: texts for dates, defaults always there, more members possible', () => {
    expect(zodToOpenApi(schema)).toMatchObject({
      type: 'object',
      required: ['at', 'size'],
      properties: { at: { type: 'string', format: 'date-time' }, note: { type: 'string', nullable: true } },
    });
    expect(zodToOpenApi(schema)).not.toHaveProperty('additionalProperties');
    expect(zodToOpenApi(schema)).not.toHaveProperty('$schema');
  });

  it('shows what a client sends: defaults are optional', () => {
    expect(zodToOpenApi(schema, 'input')).toMatchObject({ required: ['at'] });
  });
});
