import { z } from 'zod';
import { EVENTS, type EventType } from './events.js';

export type JsonObject = { readonly [key: string]: unknown };

/**
 * The JSON Schema (draft 2020-12) of an event's data as consumers may rely on it: later minor versions add fields, so
 * additional properties are allowed.
 */
export function jsonSchemaOf(type: EventType): JsonObject {
  // `output` describes what is published; zod closes objects there, which would forbid the additive changes we promise.
  const schema = z.toJSONSchema(EVENTS[type].data, { io: 'input', unrepresentable: 'throw' });
  return { ...schema, $id: `urn:opendls:event:${type}`, title: type, description: EVENTS[type].description };
}
