import { Parser } from '@asyncapi/parser';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as addFormats } from 'ajv-formats';
import { readFile } from 'node:fs/promises';
import { asyncApiDocument, EVENTS, jsonSchemaOf, TOPICS, type EventType } from './index.js';

const types = Object.keys(EVENTS) as EventType[];
const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

describe('the AsyncAPI document', () => {
  const document = asyncApiDocument('0.1.0');

  it('is a valid AsyncAPI 3 document', async () => {
    const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document));
    const errors = diagnostics.filter((diagnostic) => Number(diagnostic.severity) === 0);
    expect(errors.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([]);
    expect(parsed?.version()).toBe('3.0.0');
  });

  it('names every topic and every event', () => {
    const { channels, components } = document as {
      channels: Record<string, { address: string; messages: object }>;
      components: { messages: object };
    };
    expect(Object.values(channels).map((channel) => channel.address)).toEqual(TOPICS.map((topic) => topic.name));
    expect(Object.keys(components.messages)).toEqual(types);
    expect(
      Object.values(channels)
        .flatMap((channel) => Object.keys(channel.messages))
        .sort(),
    ).toEqual([...types].sort());
  });

  it('is the one that is checked in (npm run asyncapi writes it)', async () => {
    const file = new URL('../asyncapi.json', import.meta.url);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });
});

describe.each(types)('the JSON Schema of %s', (type) => {
  const validate = ajv.compile(jsonSchemaOf(type));

  it.each(['minimal', 'full'] as const)('accepts the %s fixture', (fixture) => {
    expect(validate(EVENTS[type].fixtures[fixture])).toBe(true);
  });

  it('accepts fields that a later version adds, and refuses what is no event data', () => {
    expect(validate({ ...(EVENTS[type].fixtures.full as object), addedLater: 1 })).toBe(true);
    expect(validate({})).toBe(false);
    expect(validate(null)).toBe(false);
  });
});
