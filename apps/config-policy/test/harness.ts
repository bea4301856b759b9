import { randomUUID } from 'node:crypto';
import { generateSealingKey, parseSealingKeys, type SealingKeys } from '@opendls/crypto';
import type { EventBus } from '@opendls/event-bus';
import { InMemoryEventBus, InMemoryLog } from '@opendls/event-bus/testing';
import {
  GATEWAY_DEVICE_TOPIC,
  parseRecord,
  TOPICS,
  toRecord,
  WORK_ORDER_TOPIC,
  type AnyEvent,
  type DeviceId,
  type EventDataByType,
  type EventType,
  type IncomingRecord,
} from '@opendls/event-contracts';
import { silentLogger } from '@opendls/logging';
import { createTestDatabase, type TestDatabase } from '@opendls/testing-postgres';
import { Registry } from 'prom-client';
import { createConfigPolicy, type ConfigPolicyOptions, type ConfigPolicyPart } from '../src/create-config-policy.js';
import { migrateConfigPolicy } from '../src/data-source.js';

export const sealingKeys: SealingKeys = parseSealingKeys(generateSealingKey('test'));

export function aDatabase(): Promise<TestDatabase> {
  return createTestDatabase({ key: 'config-policy', migrate: async (url) => void (await migrateConfigPolicy(url)) });
}

/** A config-policy on a database and a bus of its own. */
export async function aConfigPolicy(
  database: TestDatabase,
  bus: EventBus,
  overrides: Partial<ConfigPolicyOptions> = {},
): Promise<ConfigPolicyPart> {
  return createConfigPolicy({
    databaseUrl: database.url,
    bus,
    logger: silentLogger(),
    metrics: new Registry(),
    sealingKeys,
    settings: { maintenanceIntervalMs: 50 },
    ...overrides,
  });
}

export type Answer = Extract<
  AnyEvent,
  { type: 'opendls.config-policy.work-order-issued' | 'opendls.config-policy.no-work' }
>;
export type Order = Extract<AnyEvent, { type: 'opendls.config-policy.work-order-issued' }>['data'];

/** Asks and hears as a gateway does. */
export class GatewayDouble {
  readonly log: InMemoryLog;
  readonly bus: InMemoryEventBus;
  private readonly parsed = new WeakMap<object, AnyEvent>();

  constructor(log = new InMemoryLog()) {
    this.log = log;
    this.log.createTopics(TOPICS);
    this.bus = new InMemoryEventBus({ log });
  }

  /** Publishes an event; returns its id. */
  async publish<Type extends EventType>(
    type: Type,
    data: EventDataByType[Type] & { readonly deviceId: DeviceId | null },
    options: { readonly id?: string; readonly replyTo?: string; readonly time?: Date } = {},
  ): Promise<string> {
    const { id = randomUUID(), time = new Date(), replyTo = 'gateway-1' } = options;
    const subject = data.deviceId ?? 'id-unidentified';
    await this.bus.publish([toRecord({ id, type, source: '/opendls/gateway/1', subject, time, data, replyTo })]);
    return id;
  }

  /** All answers to an event. */
  answersTo(eventId: string): Answer[] {
    return this.events<Answer>(WORK_ORDER_TOPIC.name).filter(({ data }) => data.inReplyTo === eventId);
  }

  /** The first answer to an event. */
  async answerTo(eventId: string): Promise<Answer> {
    return eventually(`an answer to ${eventId}`, () => this.answersTo(eventId)[0]);
  }

  async ask<Type extends EventType>(
    type: Type,
    data: EventDataByType[Type] & { readonly deviceId: DeviceId },
    options: Parameters<GatewayDouble['publish']>[2] = {},
  ): Promise<Answer> {
    return this.answerTo(await this.publish(type, data, options));
  }

  events<Event extends AnyEvent = AnyEvent>(topic: string): Event[] {
    return this.log.records(topic).map((record) => {
      const event = this.parsed.get(record) ?? parsedEvent(record);
      this.parsed.set(record, event);
      // The caller names the topic, which has only these.
      return event as Event;
    });
  }

  /** Waits until the service has handled everything published so far. */
  async settled(): Promise<void> {
    const size = this.log.records(GATEWAY_DEVICE_TOPIC.name).length;
    await eventually('all events handled', () => {
      const partitions = this.log.partitions(GATEWAY_DEVICE_TOPIC.name);
      const done = partitions.map(
        (_, partition) => this.log.position('config-policy.devices', GATEWAY_DEVICE_TOPIC.name, partition) ?? 0,
      );
      return done.reduce((sum, one) => sum + one, 0) >= size ? true : undefined;
    });
  }
}

export function orderOf(answer: Answer): Order {
  if (answer.type === 'opendls.config-policy.no-work') throw new Error('expected an order, got no-work');
  return answer.data;
}

/** Waits for a condition, with a deadline. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  deadlineMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function parsedEvent(record: IncomingRecord): AnyEvent {
  const parsed = parseRecord(record);
  if (parsed.kind !== 'event') throw new Error(`not an event: ${JSON.stringify(parsed)}`);
  return parsed.event;
}
