import { randomUUID } from 'node:crypto';
import type { EventBus, OutgoingRecord, SubscribeOptions, Subscription } from '../event-bus.js';
import { Deliveries, type Decide } from './deliveries.js';

/** The log under test, and how processes come and go around it. */
export interface EventBusHarness {
  /** A bus on the same log, as another process would have one. Closed by the harness at its end. */
  open(): Promise<EventBus>;
  /** Ends a bus as a crash of its process would: nothing is flushed, stored or said. */
  crash(bus: EventBus): Promise<void>;
  /** Makes the log unreachable for everybody until `end`. Without it the checks on outages are left out. */
  readonly outage?: () => Promise<{ end(): Promise<void> }>;
  /** How long a check waits for something that should happen. */
  readonly deadlineMs: number;
  /** Closes what was opened. */
  dispose(): Promise<void>;
}

/** What one check works with: a topic of its own. */
export interface CheckContext {
  readonly harness: EventBusHarness;
  readonly topic: string;
  /** A bus with the topic created. */
  readonly bus: EventBus;
}

/** One promise of the port: `run` throws when it is broken. */
export interface EventBusCheck {
  readonly name: string;
  readonly needsOutage?: boolean;
  readonly run: (context: CheckContext) => Promise<void>;
}

/** Runs one check on a new bus and topic. */
export async function runCheck(check: EventBusCheck, harness: EventBusHarness): Promise<void> {
  const bus = await harness.open();
  const topic = `contract.${randomUUID().slice(0, 8)}.v1`;
  await bus.ensureTopics([{ name: topic, cleanup: 'delete', retentionMs: 60 * 60 * 1000 }]);
  await check.run({ harness, topic, bus });
}

export function aRecord(topic: string, key: string, value: string | null): OutgoingRecord {
  return { topic, key, value, headers: { ce_id: eventId(key, value), ce_type: 'opendls.test.happened' } };
}

export function eventId(key: string, value: string | null): string {
  return Buffer.from(`${key}-${value}`).toString('base64url').slice(0, 40);
}

/** Publishes values under one key, each in a call of its own, in order. */
export async function publishTexts(bus: EventBus, topic: string, key: string, texts: readonly string[]): Promise<void> {
  await Promise.all(texts.map((text) => bus.publish([aRecord(topic, key, text)])));
}

export interface Consumption {
  readonly deliveries: Deliveries;
  readonly subscription: Subscription;
}

/** The group of a check: groups of different checks share the log, and must not meet. */
export function groupOf(context: CheckContext, name: string): string {
  return `${context.topic}.${name}`;
}

/** Subscribes with a handler that notes everything. */
export async function consume(
  context: CheckContext,
  options: Partial<SubscribeOptions> & { readonly group: string },
  decide?: Decide,
  bus: EventBus = context.bus,
): Promise<Consumption> {
  const deliveries = new Deliveries(context.harness.deadlineMs, decide);
  const subscription = await bus.subscribe({
    topics: [context.topic],
    from: 'beginning',
    onBatch: deliveries.onBatch,
    ...options,
    group: groupOf(context, options.group),
  });
  return { deliveries, subscription };
}
