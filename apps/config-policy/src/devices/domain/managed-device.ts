import { itemKey } from '@opendls/item-catalog';
import type {
  ContactOpened,
  ContactOutcome,
  EventDataByType,
  ReportedItem,
  WorkOrderKind,
} from '@opendls/event-contracts';
import type { SelectedItem } from '../../policies/domain/policy-set.js';
import type { SelectableFacts } from '../../policies/domain/selector.js';
import {
  configureSteps,
  itemsToWrite,
  orderTargets,
  type SealValue,
} from '../../work-orders/domain/configure-steps.js';
import {
  belongsTo,
  closeOrder,
  createOrder,
  endAttempt,
  isFinished,
  isGoingInCircles,
  isOpen,
  offerOrder,
  recordResult,
  refusedIn,
  type AttemptEnd,
  type OrderLimits,
  type WorkOrder,
} from '../../work-orders/domain/work-order.js';
import { assessDevice, isReportCurrent, isSameWork, marksOf, memoryOf } from './assess-device.js';
import { DesiredConfiguration, type SecretFingerprints, type SecretValues } from './desired-configuration.js';
import { mergeFacts, selectableFacts, type DeviceState } from './device-state.js';
import { blockOf, differencesOf, isWritable, type Difference } from './difference.js';
import { mergeReport, replaceReport } from './phone-report.js';
import {
  forgetUnreported,
  hasLostValues,
  isStoredDifferently,
  takeWrites,
  verifyWrites,
  type StepCompleted,
} from './phone-writes.js';

type ItemsReported = EventDataByType['opendls.gateway.items-reported'];

/** The answer to an event that asks for work. */
export type Answer =
  | { readonly kind: 'order'; readonly order: WorkOrder }
  | { readonly kind: 'no-work'; readonly moreOrdersWaiting: boolean };

export interface DecisionLimits extends OrderLimits {
  /** How long work that failed too often rests before the same work is tried again. */
  readonly retryFailedAfterMs: number;
}

/** The policies of one moment. */
export interface PolicySelection {
  readonly version: number;
  select(facts: SelectableFacts): readonly SelectedItem[];
}

/** What decisions about phones need besides the phone. */
export interface DecisionContext {
  readonly policies: PolicySelection;
  readonly secrets: SecretValues;
  readonly fingerprints: SecretFingerprints;
  readonly seal: SealValue;
  readonly newOrderId: () => string;
  readonly limits: DecisionLimits;
  readonly now: Date;
}

const NO_WORK: Answer = { kind: 'no-work', moreOrdersWaiting: false };
/** What the database can hold; more than any message has room for. */
const MAX_ITEMS_LIMIT = 2 ** 31 - 1;
/** Events that are older than the newest opening by more than clocks may differ are replays: they change nothing. */
const REPLAY_AGE_MS = 15 * 60_000;

const END_OF_OUTCOME: Readonly<Record<ContactOutcome, AttemptEnd>> = {
  completed: 'contact-ended',
  'no-work': 'contact-ended',
  deadline: 'deadline',
  busy: 'busy',
  'phone-clean-up': 'contact-ended',
  'step-failed': 'step-failed',
  expired: 'expired',
  'loop-guard': 'contact-ended',
  replaced: 'contact-replaced',
  restarting: 'contact-ended',
};

/**
 * One phone and its orders while events of it are applied, in their order. No I/O: the caller loads it, applies events and
 * stores what changed.
 */
export class ManagedDevice {
  private readonly orders = new Map<string, WorkOrder>();
  private readonly changed = new Set<string>();
  private desired: DesiredConfiguration | undefined;

  constructor(
    readonly state: DeviceState,
    orders: readonly WorkOrder[],
    private readonly context: DecisionContext,
  ) {
    for (const order of orders) this.orders.set(order.orderId, order);
  }

  /** Orders that are new or not as they were loaded. */
  changedOrders(): readonly WorkOrder[] {
    return [...this.orders.values()].filter(({ orderId }) => this.changed.has(orderId));
  }

  /** A phone opened a contact. */
  openContact(opening: ContactOpened, reason: string, at: Date): Answer {
    const { state } = this;
    if (this.isReplay(at)) return NO_WORK;
    this.endOtherContacts(opening.contactId);
    const facts = mergeFacts(state.facts, opening.device);
    const hasOtherSoftware = ![null, facts.softwareVersion].includes(state.facts.softwareVersion);
    this.desired = undefined;
    Object.assign(state, { facts, contactId: opening.contactId, contactReason: reason });
    state.maxItems = opening.maxItems === null ? null : Math.min(Math.max(opening.maxItems, -1), MAX_ITEMS_LIMIT);
    state.contactOpenedAt = later(state.contactOpenedAt, at);
    state.lastSeenAt = later(state.lastSeenAt, at);
    mergeReport(state.report, opening.items, { keepKnownValues: true });
    if (opening.items.length > 0) state.lastReportAt = later(state.lastReportAt, at);
    const isChangeUnnamed = opening.configurationChanged !== false && !opening.itemsAttached;
    if (isChangeUnnamed || hasOtherSoftware) state.isReportStale = true;
    this.assess();
    return opening.awaitingWork ? this.decide(opening.contactId) : NO_WORK;
  }

  /** A phone sent items it was asked for; `items` is undefined while fragments of the reply are missing. */
  reportItems(event: ItemsReported, items: readonly ReportedItem[] | undefined, at: Date): void {
    const { state } = this;
    state.lastSeenAt = later(state.lastSeenAt, at);
    if (items === undefined || this.isReplay(at)) return;
    if (event.scope === 'all') {
      this.takeFullReport(items, at);
    } else {
      mergeReport(state.report, items, { keepKnownValues: false });
      const order = this.orders.get(event.orderId);
      if (order !== undefined) verifyWrites(state, order, items);
    }
    state.lastReportAt = later(state.lastReportAt, at);
    this.assess();
  }

  /** A phone answered one message of a step. */
  completeStep(event: StepCompleted, at: Date): Answer {
    const { state } = this;
    state.lastSeenAt = later(state.lastSeenAt, at);
    const isCurrentContact = state.contactId === null || state.contactId === event.contactId;
    const mayAskAgain = event.awaitingWork && isCurrentContact;
    const order = this.orders.get(event.orderId);
    if (order === undefined) return mayAskAgain ? this.decideAgain(event.contactId) : NO_WORK;
    const isRunningHere = isOpen(order) && order.attempt === event.attempt && order.contactId === event.contactId;
    if (!isRunningHere) {
      // The phone did it all the same: an answer of an earlier attempt, or one that was published twice.
      if (event.outcome === 'accepted') takeWrites(state, order, event);
      this.assess();
      return mayAskAgain && !isOpen(order) ? this.decideAgain(event.contactId) : NO_WORK;
    }
    const answer = this.progress(order, event, at);
    this.assess();
    return answer ?? (event.awaitingWork ? this.decideAgain(event.contactId) : NO_WORK);
  }

  /** A contact ended: what was offered in it and did not finish waits for the next one. */
  closeContact(contactId: string, outcome: ContactOutcome): void {
    for (const order of this.openOrders()) {
      if (order.state !== 'pending' && order.contactId === contactId) this.endAttempt(order, END_OF_OUTCOME[outcome]);
    }
    this.assess();
  }

  /** Offered orders without a sign of life go back to pending. */
  expireOrders(): void {
    for (const order of this.openOrders()) {
      if (order.expiresAt !== null && order.expiresAt <= this.context.now) this.endAttempt(order, 'expired');
    }
    this.assess();
  }

  /** Compares with the policies of now, without a contact. */
  replan(): readonly Difference[] {
    return this.assess();
  }

  /** The desired configuration by the policies and secrets of the context. */
  configuration(): DesiredConfiguration {
    const { policies, secrets, fingerprints } = this.context;
    if (this.desired === undefined) {
      const facts = selectableFacts(this.state);
      this.desired = new DesiredConfiguration(facts, policies.select(facts), secrets, fingerprints);
    }
    return this.desired;
  }

  // --- deciding

  /** The next work within a contact that already did some: what ended early in it is not tried again in it. */
  private decideAgain(contactId: string): Answer {
    const ended = this.openOrders().find(
      (order) => order.state === 'pending' && belongsTo(order, contactId, this.context.now),
    );
    if (ended !== undefined) return { kind: 'no-work', moreOrdersWaiting: ended.lastAttemptEnd === 'busy' };
    return this.decide(contactId);
  }

  private decide(contactId: string): Answer {
    if (!isReportCurrent(this.state)) return this.offerReading(contactId);
    for (const order of this.openOrders()) {
      if (order.kind === 'read-all') this.put(closeOrder(order, 'superseded', this.context.now));
    }
    return this.offerWriting(contactId);
  }

  private offerReading(contactId: string): Answer {
    if (this.isResting('read-all', {})) return NO_WORK;
    const open = this.openOrders().find(({ kind }) => kind === 'read-all');
    return this.offer(open ?? this.newOrder('read-all', [{ kind: 'read-all-items' }], new Map()), contactId);
  }

  private offerWriting(contactId: string): Answer {
    const differences = differencesOf(this.configuration(), memoryOf(this.state));
    const open = this.openOrders().find(({ kind }) => kind === 'configure');
    if (!differences.some(isWritable)) {
      if (open !== undefined) this.closeObsolete(open);
      this.assess();
      return NO_WORK;
    }
    if (open !== undefined && this.isStillWanted(open, differences)) return this.offer(open, contactId);
    if (open !== undefined) this.put(closeOrder(open, 'superseded', this.context.now));
    const items = itemsToWrite(differences, this.configuration().items);
    const targets = orderTargets(items);
    if (this.isResting('configure', marksOf(targets))) return NO_WORK;
    const steps = configureSteps(items, this.state.deviceId, this.context.seal);
    return this.offer(this.newOrder('configure', steps, targets), contactId);
  }

  /** An order may be offered again only while all it writes is wanted, and it covers all that is to be written. */
  private isStillWanted(order: WorkOrder, differences: readonly Difference[]): boolean {
    const desired = this.configuration();
    const memory = memoryOf(this.state);
    const covers = differences.filter(isWritable).every(({ desired: { key } }) => order.targets.has(key));
    return (
      covers &&
      [...order.targets].every(([key, target]) => {
        const item = desired.byKey.get(key);
        return item !== undefined && desired.isMark(item, target.mark) && blockOf(desired, item, memory) === undefined;
      })
    );
  }

  /** Nothing is left to write: either the order did it, or it is not wanted any more. */
  private closeObsolete(order: WorkOrder): void {
    const wasWritten = [...order.targets].every(([key, { mark }]) => this.state.applied.get(key) === mark);
    this.put(closeOrder(order, order.attempt > 0 && wasWritten ? 'done' : 'superseded', this.context.now));
  }

  private newOrder(kind: WorkOrderKind, steps: WorkOrder['steps'], targets: WorkOrder['targets']): WorkOrder {
    const { newOrderId, now } = this.context;
    return createOrder({ orderId: newOrderId(), deviceId: this.state.deviceId, kind, steps, targets, createdAt: now });
  }

  private offer(order: WorkOrder, contactId: string): Answer {
    // Work of the other kind, which every contact may bring, does not make this one promising again.
    if (this.state.givenUp?.kind === order.kind) this.state.givenUp = null;
    const offered = this.put(offerOrder(order, contactId, this.context.now, this.context.limits));
    this.assess();
    return { kind: 'order', order: offered };
  }

  private isResting(kind: WorkOrderKind, marks: Readonly<Record<string, string>>): boolean {
    const { givenUp } = this.state;
    if (givenUp === null || !isSameWork(givenUp, kind, marks)) return false;
    return this.context.now.getTime() - new Date(givenUp.at).getTime() < this.context.limits.retryFailedAfterMs;
  }

  // --- orders

  /** The answer, or undefined when the order is finished and the next work is to be decided. */
  private progress(order: WorkOrder, event: StepCompleted, at: Date): Answer | undefined {
    const { stepIndex, part, kind, outcome, isStepFinished, attempt } = event;
    const refusedItems = event.refusedItems.filter(({ name, index }) => order.targets.has(itemKey(name, index)));
    const result = { attempt, stepIndex, part, kind, outcome, isStepFinished, refusedItems, at: at.toISOString() };
    if (isGoingInCircles(order, result)) return this.stop(order, 'step-failed');
    const recorded = this.put(recordResult(order, result, this.context.now, this.context.limits));
    if (outcome === 'busy') return this.stop(recorded, 'busy');
    if (outcome === 'failed') return this.stop(recorded, 'step-failed');
    takeWrites(this.state, recorded, event);
    if (!isFinished(recorded) && !event.isOrderFinished) {
      return event.awaitingWork ? { kind: 'order', order: recorded } : NO_WORK;
    }
    if (recorded.kind === 'read-all' && !isReportCurrent(this.state)) return this.stop(recorded, 'report-incomplete');
    this.put(this.finish(recorded));
    return undefined;
  }

  private stop(order: WorkOrder, end: AttemptEnd): Answer {
    // Published twice, as the phone repeated its answer: the attempt has ended already.
    if (order.state !== 'pending') this.endAttempt(order, end);
    return { kind: 'no-work', moreOrdersWaiting: end === 'busy' };
  }

  private finish(order: WorkOrder): WorkOrder {
    const { now } = this.context;
    if (refusedIn(order).length > 0) return closeOrder(order, 'refused', now, 'items-refused');
    if (isStoredDifferently(this.state, order)) return closeOrder(order, 'failed', now, 'stored-differently');
    return closeOrder(order, 'done', now);
  }

  private endAttempt(order: WorkOrder, end: AttemptEnd): void {
    const { now, limits } = this.context;
    const ended = this.put(endAttempt(order, end, now, limits));
    if (ended.state === 'failed') {
      this.state.givenUp = { kind: order.kind, marks: marksOf(order.targets), at: now.toISOString() };
    }
  }

  private endOtherContacts(contactId: string): void {
    for (const order of this.openOrders()) {
      const isElsewhere = order.state !== 'pending' && !belongsTo(order, contactId, this.context.now);
      if (isElsewhere) this.endAttempt(order, 'contact-replaced');
    }
  }

  private openOrders(): WorkOrder[] {
    return [...this.orders.values()].filter(isOpen);
  }

  private put(order: WorkOrder): WorkOrder {
    this.orders.set(order.orderId, order);
    this.changed.add(order.orderId);
    return order;
  }

  // --- what the phone has

  private takeFullReport(items: readonly ReportedItem[], at: Date): void {
    const { state } = this;
    state.report = replaceReport(items);
    state.fullReportAt = at;
    state.isReportStale = false;
    if (state.contactReason === 'device-started' && hasLostValues(state, this.configuration())) forgetUnreported(state);
  }

  /** An opening that is later than now tells of a gateway's clock; what comes after it is none the older for that. */
  private isReplay(at: Date): boolean {
    const newest = Math.min(this.state.contactOpenedAt?.getTime() ?? 0, this.context.now.getTime());
    return newest - at.getTime() > REPLAY_AGE_MS;
  }

  private assess(): readonly Difference[] {
    this.state.plannedVersion = this.context.policies.version;
    return assessDevice(this.state, this.configuration(), this.orders.values(), this.context.now);
  }
}

function later(known: Date | null, at: Date): Date {
  return known !== null && known > at ? known : at;
}
