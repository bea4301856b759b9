import { randomUUID } from 'node:crypto';
import { seal, type SealingKeys } from '@opendls/crypto';
import { DONE, type DeliveredRecord, type EventBus, type Outcome, type Subscription } from '@opendls/event-bus';
import {
  GATEWAY_DEVICE_TOPIC,
  parseRecord,
  sealContext,
  toRecord,
  TOPICS,
  type DeviceId,
  type AnyEvent,
  type ItemToWrite,
  type WorkOrderStep,
} from '@opendls/event-contracts';
import { itemKey } from '@opendls/item-catalog';

/** An order as a test wants it: plays once, then there is no more work. */
export type Script = (deviceId: string) => readonly WorkOrderStep[];

interface OpenOrder {
  readonly orderId: string;
  readonly steps: readonly WorkOrderStep[];
  attempt: number;
  contactId: string;
  isDone: boolean;
}

/** Stands in for config-policy: one scripted order per phone, answered as the contract says. */
export class OrderDesk {
  /** Every event of the gateways, in order. */
  readonly events: AnyEvent[] = [];
  /** How long an answer takes; `Infinity`: none comes. */
  delayMs = 0;
  private readonly orders = new Map<string, OpenOrder>();
  private subscription: Subscription | undefined;

  constructor(
    private readonly bus: EventBus,
    private readonly script: Script = () => [],
  ) {}

  async start(): Promise<this> {
    await this.bus.ensureTopics(TOPICS);
    const onBatch = async (records: readonly DeliveredRecord[]): Promise<readonly Outcome[]> => {
      for (const record of records) await this.take(record);
      return records.map(() => DONE);
    };
    const topics = [GATEWAY_DEVICE_TOPIC.name];
    this.subscription = await this.bus.subscribe({ topics, group: 'config-policy.decide', from: 'beginning', onBatch });
    return this;
  }

  async close(): Promise<void> {
    await this.subscription?.close();
  }

  isDone(deviceId: string): boolean {
    return this.orders.get(deviceId)?.isDone ?? false;
  }

  ofType<Type extends AnyEvent['type']>(type: Type): Extract<AnyEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<AnyEvent, { type: Type }> => event.type === type);
  }

  private async take(record: DeliveredRecord): Promise<void> {
    const parsed = parseRecord(record);
    if (parsed.kind !== 'event') throw new Error(`not an event: ${JSON.stringify(parsed)}`);
    const { event } = parsed;
    this.events.push(event);
    const { data, replyTo } = event;
    if (!('awaitingWork' in data) || !data.awaitingWork) return;
    if (replyTo === undefined) throw new Error('a question without replyto');
    if (this.delayMs === Infinity) return;
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    await this.bus.publish([this.answer(event, replyTo)]);
  }

  private answer(event: AnyEvent, replyTo: string): ReturnType<typeof toRecord> {
    const { contactId, deviceId } = event.data as { contactId: string; deviceId: DeviceId };
    const inReplyTo = event.id;
    const common = {
      id: randomUUID(),
      source: '/opendls/config-policy/test',
      subject: deviceId,
      time: new Date(),
      replyTo,
    };
    const position = this.position(event, contactId);
    if (position === undefined) {
      const data = { contactId, deviceId, inReplyTo, moreOrdersWaiting: false };
      return toRecord({ ...common, type: 'opendls.config-policy.no-work', data });
    }
    const { order, fromStep, fromPart } = position;
    const data = {
      ...{ contactId, deviceId, inReplyTo, fromStep, fromPart, kind: 'configure' as const, moreOrdersWaiting: false },
      ...{ orderId: order.orderId, attempt: order.attempt, steps: [...order.steps] },
    };
    return toRecord({ ...common, type: 'opendls.config-policy.work-order-issued', data });
  }

  private position(
    event: AnyEvent,
    contactId: string,
  ): { order: OpenOrder; fromStep: number; fromPart: number } | undefined {
    if (event.type !== 'opendls.gateway.step-completed') return this.offer(event.subject, contactId);
    const order = this.orders.get(event.subject);
    const { data } = event;
    if (order === undefined || data.orderId !== order.orderId || data.attempt !== order.attempt) return undefined;
    if (data.isOrderFinished) order.isDone = true;
    if (order.isDone) return undefined;
    return data.isStepFinished
      ? { order, fromStep: data.stepIndex + 1, fromPart: 0 }
      : { order, fromStep: data.stepIndex, fromPart: data.part + 1 };
  }

  private offer(deviceId: string, contactId: string): { order: OpenOrder; fromStep: 0; fromPart: 0 } | undefined {
    const known = this.orders.get(deviceId);
    const order = known ?? {
      orderId: randomUUID(),
      steps: this.script(deviceId),
      attempt: 0,
      contactId: '',
      isDone: false,
    };
    this.orders.set(deviceId, order);
    if (order.isDone || order.steps.length === 0) return undefined;
    if (order.contactId !== contactId) order.attempt++;
    order.contactId = contactId;
    return { order, fromStep: 0, fromPart: 0 };
  }
}

/** An item to be written that only a gateway can read. */
export function sealedItem(keys: SealingKeys, deviceId: string, name: string, value: string): ItemToWrite {
  return { name, sealed: seal(keys, value, sealContext(deviceId, itemKey(name))) };
}
