import { randomUUID } from 'node:crypto';
import { open } from '@opendls/crypto';
import { sealContext, type ContactOpened, type DeviceId, type ReportedItem } from '@opendls/event-contracts';
import { isSecretItem, itemKey } from '@opendls/item-catalog';
import { anOpening } from './builders.js';
import { orderOf, sealingKeys, type Answer, type GatewayDouble, type Order } from './harness.js';

type OpeningType =
  | 'opendls.gateway.device-started'
  | 'opendls.gateway.device-solicited'
  | 'opendls.gateway.local-changes-reported'
  | 'opendls.gateway.inventory-changed';

/** A phone behind a gateway: holds items, does what orders say, as events. */
export class PhoneDouble {
  readonly items = new Map<string, ReportedItem & { value: string }>();
  /** Values of every write, in order. */
  readonly writes: string[] = [];
  contactId = '';

  constructor(
    private readonly gateway: GatewayDouble,
    readonly deviceId = '001ae8005301',
    factory: Readonly<Record<string, string>> = { 'sntp-addr': '', 'sip-pwd': '', 'display-id-unicode': '' },
  ) {
    for (const [name, value] of Object.entries(factory)) this.items.set(name, { name, value });
  }

  /** Opens a contact and returns the answer. */
  async open(
    overrides: Partial<ContactOpened> = {},
    type: OpeningType = 'opendls.gateway.device-started',
  ): Promise<Answer> {
    this.contactId = `contact-${randomUUID()}`;
    return this.gateway.ask(type, this.opening(overrides));
  }

  opening(overrides: Partial<ContactOpened> = {}): ContactOpened {
    const id = this.deviceId as DeviceId;
    const macAddress = this.deviceId.toUpperCase().match(/../g)?.join(':') ?? null;
    const base = anOpening({ contactId: this.contactId, deviceId: id });
    return { ...base, device: { ...base.device, macAddress }, ...overrides };
  }

  /** A whole contact: opens, plays every order to its end, closes. Returns the kinds of the orders. */
  async contact(overrides: Partial<ContactOpened> = {}, type?: OpeningType): Promise<string[]> {
    const kinds: string[] = [];
    let answer = await this.open(overrides, type);
    while (answer.type === 'opendls.config-policy.work-order-issued') {
      if (kinds.length > 10) throw new Error('the contact does not end');
      kinds.push(answer.data.kind);
      answer = await this.play(answer.data);
    }
    await this.close(kinds.length > 0 ? 'completed' : 'no-work');
    return kinds;
  }

  async close(outcome: 'completed' | 'no-work' | 'busy' | 'expired' | 'deadline'): Promise<void> {
    await this.gateway.publish('opendls.gateway.contact-closed', {
      ...this.ref(),
      outcome,
      cleanupReason: null,
      isSolicitedRequested: false,
      exchanges: 1,
      durationMs: 1,
    });
  }

  /** Does an order from its `fromStep` to the end; returns the answer to the last step. */
  async play(order: Order): Promise<Answer> {
    for (let stepIndex = order.fromStep; ; stepIndex++) {
      const isLast = stepIndex >= order.steps.length - 1;
      const eventId = await this.step(order, stepIndex, isLast);
      if (isLast) return this.gateway.answerTo(eventId);
    }
  }

  /** Does one step and reports it; returns the id of the event that tells its end. */
  async step(order: Order, stepIndex: number, awaitingWork: boolean): Promise<string> {
    const step = order.steps[stepIndex];
    if (step === undefined) throw new Error('no such step');
    const ref = { ...this.ref(), orderId: order.orderId, attempt: order.attempt, stepIndex };
    if (step.kind === 'write-items') for (const item of step.items) this.write(item);
    if (step.kind === 'read-all-items' || step.kind === 'read-items') {
      const wanted =
        step.kind === 'read-items' ? new Set(step.items.map(({ name, index }) => itemKey(name, index))) : null;
      await this.gateway.publish('opendls.gateway.items-reported', {
        ...ref,
        scope: wanted === null ? 'all' : 'some',
        fragment: 0,
        isFinal: true,
        items: this.report().filter(
          ({ name, index }) => wanted === null || wanted.has(itemKey(name, index)) || wanted.has(name),
        ),
      });
    }
    return this.gateway.publish('opendls.gateway.step-completed', {
      ...ref,
      kind: step.kind,
      part: 0,
      outcome: 'accepted',
      isStepFinished: true,
      isOrderFinished: stepIndex === order.steps.length - 1,
      writtenItems: null,
      refusedItems: [],
      awaitingWork,
    });
  }

  /** What a gateway passes on of a full report. */
  report(): ReportedItem[] {
    return [...this.items.values()].map(({ name, index, value }) =>
      isSecretItem(name) ? { name, index, secret: true } : { name, index, value },
    );
  }

  valueOf(key: string): string | undefined {
    return this.items.get(key)?.value;
  }

  private write(item: { name: string; index?: number; value?: string; sealed?: string }): void {
    const key = itemKey(item.name, item.index);
    const value = item.value ?? open(sealingKeys, item.sealed ?? '', sealContext(this.deviceId, key));
    this.items.set(key, { name: item.name, index: item.index, value });
    this.writes.push(`${key}=${value}`);
  }

  private ref(): { contactId: string; deviceId: DeviceId } {
    return { contactId: this.contactId, deviceId: this.deviceId as DeviceId };
  }
}

export { orderOf };
