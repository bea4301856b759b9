import { randomUUID } from 'node:crypto';
import { seal, type SealingKeys } from '@opendls/crypto';
import { createRandom, type Random } from '@opendls/dls-codec/fuzz';
import { DONE, type DeliveredRecord, type EventBus, type Outcome } from '@opendls/event-bus';
import {
  GATEWAY_DEVICE_TOPIC,
  parseRecord,
  sealContext,
  toRecord,
  type AnyEvent,
  type DeviceId,
  type WorkOrderStep,
} from '@opendls/event-contracts';

/** In every secret value a fuzz run makes: wherever it shows up readable, something is wrong. */
export const SECRET_MARK = 'S3CR3T';

const MAX_ORDERS = 2_000;

interface OpenOrder {
  readonly orderId: string;
  readonly steps: readonly WorkOrderStep[];
  readonly attempt: number;
}

/** Stands in for config-policy: orders at random, bounded memory. */
export class FuzzDesk {
  private readonly orders = new Map<string, OpenOrder>();
  private readonly random = createRandom(1);

  constructor(
    private readonly bus: EventBus,
    private readonly keys: SealingKeys,
  ) {}

  async start(): Promise<void> {
    const onBatch = async (records: readonly DeliveredRecord[]): Promise<readonly Outcome[]> => {
      for (const record of records) await this.take(record);
      return records.map(() => DONE);
    };
    await this.bus.subscribe({
      topics: [GATEWAY_DEVICE_TOPIC.name],
      group: 'config-policy.decide',
      from: 'beginning',
      onBatch,
    });
  }

  private async take(record: DeliveredRecord): Promise<void> {
    const parsed = parseRecord(record);
    if (parsed.kind !== 'event') throw new Error(`a record that its own contract refuses: ${JSON.stringify(parsed)}`);
    const { event } = parsed;
    if (!('awaitingWork' in event.data) || !event.data.awaitingWork || event.replyTo === undefined) return;
    // Now and then nothing comes: the gateway has to end the contact by itself.
    if (this.random.below(1_500) === 0) return;
    await this.bus.publish([this.answer(event, event.replyTo)]);
  }

  private answer(event: AnyEvent, replyTo: string): ReturnType<typeof toRecord> {
    const { contactId, deviceId } = event.data as { contactId: string; deviceId: DeviceId };
    const common = {
      ...{ id: randomUUID(), source: '/opendls/config-policy/fuzz', subject: deviceId, time: new Date(), replyTo },
    };
    const base = { contactId, deviceId, inReplyTo: event.id, moreOrdersWaiting: this.random.below(8) === 0 };
    const position = this.position(event, deviceId);
    if (position === undefined) return toRecord({ ...common, type: 'opendls.config-policy.no-work', data: base });
    const { order, ...from } = position;
    const data = { ...base, ...from, ...order, steps: [...order.steps], kind: 'configure' as const };
    return toRecord({ ...common, type: 'opendls.config-policy.work-order-issued', data });
  }

  private position(
    event: AnyEvent,
    deviceId: string,
  ): { order: OpenOrder; fromStep: number; fromPart: number } | undefined {
    if (event.type !== 'opendls.gateway.step-completed') return this.offer(deviceId);
    const { data } = event;
    const order = this.orders.get(deviceId);
    if (order === undefined || data.orderId !== order.orderId || data.isOrderFinished) return undefined;
    const fromStep = data.isStepFinished ? data.stepIndex + 1 : data.stepIndex;
    if (fromStep >= order.steps.length) return undefined;
    return { order, fromStep, fromPart: data.isStepFinished ? 0 : data.part + 1 };
  }

  private offer(deviceId: string): { order: OpenOrder; fromStep: 0; fromPart: 0 } | undefined {
    if (this.random.below(10) < 3) return undefined;
    const steps = Array.from({ length: 1 + this.random.below(3) }, () => stepFor(this.random, deviceId, this.keys));
    const order = { orderId: randomUUID(), steps, attempt: 1 };
    this.orders.delete(deviceId);
    this.orders.set(deviceId, order);
    const [oldest] = this.orders.keys();
    if (this.orders.size > MAX_ORDERS && oldest !== undefined) this.orders.delete(oldest);
    return { order, fromStep: 0, fromPart: 0 };
  }
}

function stepFor(random: Random, deviceId: string, keys: SealingKeys): WorkOrderStep {
  const file = [
    { name: 'file-type', value: 'LOGO' },
    { name: 'file-https-base-url', value: 'https://files.example.net/logo&<>.png' },
  ];
  switch (random.below(8)) {
    case 0:
      return { kind: 'read-items', items: [{ name: 'reg-addr' }, { name: 'function-key-def', index: 1 }] };
    case 1:
      return { kind: 'file-deployment', items: file };
    case 2:
      return { kind: 'file-deployment', items: file.map((item) => ({ ...item, index: 1 })) };
    case 3:
      return { kind: 'software-deployment', items: [...file, { name: 'file-sw-type', value: 'Siemens SIP' }] };
    case 4:
      return { kind: 'restart', items: [] };
    case 5:
    case 6:
      return { kind: 'write-items', items: writtenItems(random, deviceId, keys) };
    default:
      return { kind: 'read-all-items' };
  }
}

function writtenItems(random: Random, deviceId: string, keys: SealingKeys) {
  const labels = Array.from({ length: random.below(60) }, (_, n) => ({
    name: 'key-label-unicode',
    index: n + 1,
    value: random.pick(['', 'Büro', `<&"'>`, 'x'.repeat(2_000), '\u{1f4de}', ']]>']),
  }));
  const sealed = seal(keys, `${SECRET_MARK}-sip`, sealContext(deviceId, 'sip-pwd'));
  return [{ name: 'sntp-addr', value: '192.0.2.1' }, { name: 'sip-pwd', sealed }, ...labels];
}
