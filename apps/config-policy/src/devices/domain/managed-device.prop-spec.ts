import fc from 'fast-check';
import type { ItemToWrite, RefusedItem, ReportedItem } from '@opendls/event-contracts';
import { itemKey } from '@opendls/item-catalog';
import {
  aContext,
  anOpening,
  aPolicySet,
  aStepCompleted,
  DEVICE_ID,
  NOON,
  someItemsReported,
} from '../../../test/builders.js';
import type { WorkOrder } from '../../work-orders/domain/work-order.js';
import { unknownDevice } from './device-state.js';
import { ManagedDevice, type Answer, type DecisionContext } from './managed-device.js';

/** What may happen to a phone and to what it is told. */
type Happening =
  | { readonly kind: 'contact'; readonly flag: boolean | null; readonly ends: 'well' | 'busy' | 'lost-answer' | 'dies' }
  | { readonly kind: 'policy'; readonly value: string; readonly items: readonly string[] }
  | { readonly kind: 'local-change'; readonly name: string; readonly value: string }
  | { readonly kind: 'factory-reset' }
  | { readonly kind: 'clock'; readonly minutes: number };

const NAMES = ['sntp-addr', 'display-id-unicode', 'reg-addr', 'sip-pwd'];
const REFUSED = 'reg-addr';

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    kind: fc.constant('contact' as const),
    flag: fc.constantFrom(true, false, null),
    ends: fc.constantFrom('well' as const, 'well' as const, 'busy' as const, 'lost-answer' as const, 'dies' as const),
  }),
  fc.record({
    kind: fc.constant('policy' as const),
    value: fc.constantFrom('a', 'b', 'c'),
    // A reset shows in what a phone reports: with secrets there is always something that it reports.
    items: fc
      .subarray(NAMES)
      .map((names) => (names.includes('sip-pwd') ? [...new Set(['sntp-addr', ...names])] : names)),
  }),
  fc.record({
    kind: fc.constant('local-change' as const),
    name: fc.constantFrom('sntp-addr', 'display-id-unicode'),
    value: fc.constantFrom('a', 'x'),
  }),
  fc.constant({ kind: 'factory-reset' as const }),
  fc.record({ kind: fc.constant('clock' as const), minutes: fc.integer({ min: 1, max: 90 }) }),
);

/** A phone and its service, with the whole history held against the promises. */
class World {
  readonly values = new Map<string, string>();
  private readonly state = unknownDevice(DEVICE_ID, NOON);
  private orders: WorkOrder[] = [];
  private readonly contents = new Map<string, string>();
  private policies = aPolicySet();
  private now = NOON;
  private contacts = 0;
  private revision = 1;
  private hasChanged = true;
  private wanted: readonly string[] = [];
  private wantedValue = 'a';
  writes = 0;
  private readonly ids = aContext().newOrderId;

  happen(what: Happening): void {
    switch (what.kind) {
      case 'contact':
        return this.contact(what.ends, this.hasChanged ? true : what.flag);
      case 'policy':
        return this.setPolicy(what.items, what.value);
      case 'local-change':
        this.hasChanged = true;
        return void this.values.set(what.name, what.value);
      case 'factory-reset':
        this.hasChanged = true;
        return this.values.clear();
      case 'clock':
        this.now = new Date(this.now.getTime() + what.minutes * 60_000);
        return this.use((device) => device.expireOrders());
    }
  }

  /** The service notices what came to nothing; after its rest a contact goes well, until nothing is left to do. */
  settle(): void {
    this.happen({ kind: 'clock', minutes: 10 });
    this.now = new Date(this.now.getTime() + 2 * 3_600_000);
    this.contact('well', true);
  }

  contact(ends: 'well' | 'busy' | 'lost-answer' | 'dies', flag: boolean | null): void {
    const contactId = `contact-${String(++this.contacts).padStart(10, '0')}`;
    const opening = anOpening({ contactId, configurationChanged: flag });
    let answer = this.use((device) => device.openContact(opening, 'device-started', this.now));
    if (ends === 'lost-answer') answer = this.use((device) => device.openContact(opening, 'device-started', this.now));
    for (let orders = 0; answer.kind === 'order'; orders++) {
      expect(orders).toBeLessThan(6);
      if (ends === 'dies') return;
      answer = this.play(answer.order, ends === 'busy');
    }
    this.hasChanged = false;
    this.use((device) => device.closeContact(contactId, 'completed'));
  }

  check(): void {
    const open = this.orders.filter(({ closedAt }) => closedAt === null).map(({ kind }) => kind);
    expect(new Set(open).size).toBe(open.length);
    for (const { state, closedAt } of this.orders) {
      expect(closedAt === null).toBe(['pending', 'offered', 'running'].includes(state));
    }
  }

  /** After everything went well: the phone is as wanted but for what it refuses, and the state says so. */
  checkSettled(): void {
    const taken = this.wanted.filter((name) => name !== REFUSED);
    for (const name of taken) expect([name, this.values.get(name)]).toEqual([name, this.valueOf(name)]);
    const expected = this.wanted.length === 0 ? 'unmanaged' : this.wanted.includes(REFUSED) ? 'failed' : 'compliant';
    expect(this.state.compliance).toBe(expected);
  }

  private play(order: WorkOrder, isBusy: boolean): Answer {
    let answer: Answer = { kind: 'no-work', moreOrdersWaiting: false };
    for (const [stepIndex, step] of order.steps.entries()) {
      const ref = { orderId: order.orderId, attempt: order.attempt, stepIndex, contactId: order.contactId ?? '' };
      const isLast = stepIndex === order.steps.length - 1;
      const event = aStepCompleted({ ...ref, kind: step.kind, isOrderFinished: isLast, awaitingWork: isLast });
      if (step.kind === 'write-items' && isBusy) {
        return this.use((device) =>
          device.completeStep(
            { ...event, outcome: 'busy', isStepFinished: false, isOrderFinished: false, awaitingWork: true },
            this.now,
          ),
        );
      }
      const refusedItems = step.kind === 'write-items' ? this.write(step.items) : [];
      if (step.kind === 'read-all-items' || step.kind === 'read-items') {
        const wanted = step.kind === 'read-items' ? step.items.map(({ name }) => name) : NAMES;
        const scope = step.kind === 'read-items' ? 'some' : 'all';
        const items = this.report(wanted);
        this.use((device) => device.reportItems(someItemsReported(items, { ...ref, scope }), items, this.now));
      }
      answer = this.use((device) => device.completeStep({ ...event, refusedItems }, this.now));
    }
    return answer;
  }

  private write(items: readonly ItemToWrite[]): RefusedItem[] {
    this.writes++;
    for (const item of items) {
      const value =
        'value' in item ? item.value : 'sealed' in item ? item.sealed.split(',').at(-1)?.replace(')', '') : '';
      if (item.name !== REFUSED) this.values.set(itemKey(item.name, item.index), value ?? '');
    }
    return items.filter(({ name }) => name === REFUSED).map(({ name }) => ({ name, status: 'read only' }));
  }

  private report(names: readonly string[]): ReportedItem[] {
    return names.map((name) =>
      name === 'sip-pwd' ? { name, secret: true } : { name, value: this.values.get(name) ?? 'factory' },
    );
  }

  private setPolicy(items: readonly string[], value: string): void {
    if (items.join() !== this.wanted.join() || value !== this.wantedValue) this.revision++;
    this.wanted = items;
    this.wantedValue = value;
    const wishes = items.map((name) =>
      name === 'sip-pwd' ? { name, secretRef: 's' } : { name, value: this.valueOf(name) },
    );
    this.policies = aPolicySet({ revision: this.revision, items: wishes });
  }

  private valueOf(name: string): string {
    return name === 'sip-pwd' ? `secret-${this.wantedValue}` : this.wantedValue;
  }

  /** As the service does: loads, applies, stores. */
  private use<T>(work: (device: ManagedDevice) => T): T {
    const secrets = new Map([['s', this.valueOf('sip-pwd')]]);
    const context: DecisionContext = aContext({
      policies: this.policies,
      secrets,
      now: this.now,
      newOrderId: this.ids,
    });
    const device = new ManagedDevice(this.state, this.orders, context);
    const result = work(device);
    for (const order of device.changedOrders()) {
      const content = JSON.stringify([order.steps, [...order.targets]]);
      expect(this.contents.get(order.orderId) ?? content).toBe(content);
      this.contents.set(order.orderId, content);
      this.orders = [...this.orders.filter(({ orderId }) => orderId !== order.orderId), order];
    }
    this.check();
    return result;
  }
}

describe('a phone with any history', () => {
  it('ends configured, is then left alone, and no order ever changes its content', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 20 }), (history) => {
        const world = new World();
        for (const what of history) world.happen(what);
        world.settle();
        world.checkSettled();
        const { writes } = world;
        world.contact('well', false);
        world.contact('well', true);
        expect(world.writes).toBe(writes);
        world.checkSettled();
      }),
      { numRuns: 300 },
    );
  });
});
