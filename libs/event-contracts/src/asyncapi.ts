import { EVENTS, type EventType } from './events.js';
import { jsonSchemaOf, type JsonObject } from './json-schema.js';
import { TOPICS, type TopicDefinition } from './topics.js';

/**
 * The AsyncAPI 3.0 document of every stream, made from the same definitions that producers and consumers use.
 *
 * @param version version of OpenDLS that the document describes
 */
export function asyncApiDocument(version: string): JsonObject {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'OpenDLS events',
      version,
      description:
        'What phones said and did, and what was decided for them. CloudEvents 1.0 in Kafka binary content mode: attributes in ' +
        '`ce_*` headers, the value is plain JSON. Key and `ce_subject` are the device id, so events of one phone are in order. ' +
        'Delivery is at least once: make consumers idempotent by `ce_id`. Fields are added, never changed, within a topic.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(TOPICS.map((topic) => [channelId(topic), channel(topic)])),
    operations: Object.fromEntries(TOPICS.map((topic) => [`receive-${channelId(topic)}`, operation(topic)])),
    components: {
      messages: Object.fromEntries(eventTypes().map((type) => [type, message(type)])),
      messageTraits: { cloudEvent: { headers: CLOUD_EVENT_HEADERS } },
    },
  };
}

function channel(topic: TopicDefinition): JsonObject {
  const retentionMs = topic.retentionMs === undefined ? {} : { 'retention.ms': topic.retentionMs };
  return {
    address: topic.name,
    title: topic.title,
    description: topic.description,
    messages: Object.fromEntries(typesOf(topic).map((type) => [type, { $ref: `#/components/messages/${type}` }])),
    bindings: { kafka: { topicConfiguration: { 'cleanup.policy': [topic.cleanup], ...retentionMs } } },
  };
}

function operation(topic: TopicDefinition): JsonObject {
  const id = channelId(topic);
  return {
    action: 'receive',
    channel: { $ref: `#/channels/${id}` },
    summary: topic.title,
    messages: typesOf(topic).map((type) => ({ $ref: `#/channels/${id}/messages/${type}` })),
  };
}

function message(type: EventType): JsonObject {
  const { description, fixtures } = EVENTS[type];
  return {
    name: type,
    title: type,
    summary: description,
    contentType: 'application/json',
    traits: [{ $ref: '#/components/messageTraits/cloudEvent' }],
    payload: { schemaFormat: 'application/schema+json;version=draft-07', schema: asPayload(jsonSchemaOf(type)) },
    bindings: { kafka: { key: { type: 'string', description: 'device id' } } },
    examples: [{ name: 'full', headers: exampleHeaders(type), payload: fixtures.full }],
  };
}

/** AsyncAPI knows JSON Schema up to draft-07; what zod emits here is in the part both drafts share. */
function asPayload(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema'));
}

function exampleHeaders(type: EventType): JsonObject {
  return {
    ce_specversion: '1.0',
    ce_id: '0d4fdd1e-9f0c-4f67-a7a0-2b8d1c9a6d11',
    ce_source: `/opendls/${type.split('.')[1] ?? ''}/example-1`,
    ce_type: type,
    ce_subject: '001ae8005301',
    ce_time: '2026-01-15T08:00:00.000Z',
  };
}

const CLOUD_EVENT_HEADERS = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time'],
  properties: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', description: 'Unique per event; the same when an event is delivered again' },
    ce_source: { type: 'string', description: '/opendls/<service>/<instance>' },
    ce_type: { type: 'string' },
    ce_subject: { type: 'string', description: 'Device id, equal to the record key' },
    ce_time: { type: 'string', format: 'date-time' },
    replyto: { type: 'string', description: 'Gateway instance that waits for the answer, or that the answer is for' },
    traceparent: { type: 'string', description: 'W3C Trace Context' },
  },
} as const;

function channelId(topic: TopicDefinition): string {
  return topic.name.replaceAll('.', '-');
}

function typesOf(topic: TopicDefinition): EventType[] {
  return eventTypes().filter((type) => EVENTS[type].topic === topic.name);
}

function eventTypes(): EventType[] {
  // The keys of EVENTS are exactly EventType; Object.keys only knows strings.
  return Object.keys(EVENTS) as EventType[];
}
