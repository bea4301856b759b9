import { itemKey } from '@opendls/item-catalog';
import type {
  ContactAttemptOutcome,
  ContactOpened,
  ContactOutcome,
  DeviceDirective,
  EventDataByType,
  ReportedItem,
} from '@opendls/event-contracts';
import {
  belongsTo,
  closeOrder,
  createOrder,
  END_OF_OUTCOME,
  endAttempt,
  isFinished,
  isGoingInCircles,
  isOpen,
  offerOrder,
  orderedRefs,
  recordResult,
  refusedIn,
  startVerifying,
  type AttemptEnd,
  type NewOrder,
  type WorkOrder,
} from '../../work-orders/domain/work-order.js';
import { requestAnswered } from '../../waking/domain/contact-plan.js';
import { assessDevice, isReportCurrent, marksOf } from './assess-device.js';
import { NO_WORK, type Answer, type DecisionContext } from './decision-context.js';
import { DesiredConfiguration } from './desired-configuration.js';
import { DeviceOrders } from './device-orders.js';
import { selectableFacts, type DeviceState } from './device-state.js';
import type { Difference } from './difference.js';
import type { FeatureDevice, PlannedOrder } from './feature-rules.js';
import { later, takeOpening } from './opening.js';
import { keepAnswers } from './order-answers.js';
import { pendingWork, type PendingWork } from './pending-work.js';
import { mergeReport, replaceReport } from './phone-report.js';
import {
  forgetEverything,
  forgetUnreported,
  hasLostValues,
  isStoredDifferently,
  takeWrites,
  verifyWrites,
  type StepCompleted,
} from './phone-writes.js';
import { plannedOrder } from './planned-order.js';
import { hasPolicyWork, policyWork } from './policy-work.js';
import { canBeOffered, needsNoSending } from './request-rules.js';
import { SentOrders } from './sent-orders.js';

export type { Answer, DecisionContext, DecisionLimits, PolicySelection } from './decision-context.js';

type ItemsReported = EventDataByType['opendls.gateway.items-reported'];

/** Events that are older than the newest opening by more than clocks may differ are replays: they change nothing. */
const REPLAY_AGE_MS = 15 * 60_000;

/**
 * One phone and its orders while events of it are applied, in their order. No I/O: the caller loads it, applies events and
 * stores what changed.
 */
export class ManagedDevice {
  private readonly orders: DeviceOrders;
  private readonly sent: SentOrders;
  private desired: DesiredConfiguration | undefined;
  private desiredWith: DeviceState['features'] | undefined;
  private differences: readonly Difference[] | undefined;

  constructor(
    readonly state: DeviceState,
    orders: readonly WorkOrder[],
    private readonly context: DecisionContext,
  ) {
    this.orders = new DeviceOrders(orders, (order) => this.onClosed(order));
    this.sent = new SentOrders({
      state,
      orders: this.orders,
      now: context.now,
      configuration: () => this.configuration(),
      endAttempt: (order, end) => this.endAttempt(order, end),
    });
  }

  /** Orders that are new or not as they were loaded. */
  changedOrders(): readonly WorkOrder[] {
    return this.orders.changed();
  }

  order(orderId: string): WorkOrder | undefined {
    return this.orders.get(orderId);
  }

  /** How many one-off orders are not closed. */
  openRequests(): number {
    return this.orders.open().filter(({ origin }) => origin === 'request').length;
  }

  /** A phone opened a contact. */
  openContact(opening: ContactOpened, reason: string, at: Date): Answer {
    const { state } = this;
    if (this.isReplay(at) || !this.context.features.believes(state, opening)) return NO_WORK;
    const { contactId } = opening;
    const isRepeated = state.contactId === contactId;
    this.endOtherContacts(contactId);
    this.desired = undefined;
    takeOpening(state, opening, reason, at);
    if (reason === 'deployment-reported') this.sent.onDeployment(opening);
    else this.sent.onOpening(contactId, reason, isRepeated);
    this.plan(this.context.features.onOpened(this.view(), opening, reason), contactId);
    this.assess();
    return opening.awaitingWork ? this.decide(contactId, []) : NO_WORK;
  }

  /** A phone sent items it was asked for; `items` is undefined while fragments of the reply are missing. */
  reportItems(event: ItemsReported, items: readonly ReportedItem[] | undefined, at: Date): void {
    const { state } = this;
    state.lastSeenAt = later(state.lastSeenAt, at);
    if (items === undefined || this.isReplay(at)) return;
    const order = this.orders.get(event.orderId);
    if (event.scope === 'all') {
      this.takeFullReport(items, at);
    } else {
      mergeReport(state.report, items, { keepKnownValues: false });
      if (order !== undefined) verifyWrites(state, order, items);
    }
    state.lastReportAt = later(state.lastReportAt, at);
    if (event.scope === 'some' && order?.origin === 'request') {
      this.orders.put(keepAnswers(order, items, this.configuration()));
    }
    this.context.features.onItemsReported(this.view(), order, items);
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
  closeContact(contactId: string, outcome: ContactOutcome, isSolicitedRequested = false): void {
    for (const order of this.orders.open()) {
      if (order.contactId !== contactId || order.state === 'verifying') continue;
      if (order.state !== 'pending') this.endAttempt(order, END_OF_OUTCOME[outcome]);
      this.dropIfBound(order.orderId);
    }
    this.plan(this.context.features.onContactClosed(this.view(), contactId), null);
    if (isSolicitedRequested && this.state.contactId === contactId) {
      this.state.waking = { ...this.state.waking, solicitedAt: this.context.now.toISOString() };
    }
    this.assess();
  }

  /** A gateway asked the phone to come, or could not. */
  contactAttempted(requestId: string, outcome: ContactAttemptOutcome): void {
    this.state.waking = requestAnswered(this.state.waking, requestId, outcome);
  }

  /** Offered orders without a sign of life go back to pending; what waits for its effect does not wait for ever. */
  expireOrders(): void {
    const { now } = this.context;
    for (const order of this.orders.open()) {
      if (order.expiresAt === null || order.expiresAt > now) continue;
      if (order.state === 'verifying') this.sent.onOverdue(order);
      else {
        this.endAttempt(order, 'expired');
        this.dropIfBound(order.orderId);
      }
    }
    this.assess();
  }

  /** Compares with the policies of now, without a contact. */
  replan(): readonly Difference[] {
    this.closeObsolete();
    this.plan(this.context.features.onReplan(this.view()), null);
    return this.assess();
  }

  /** A person wants something done once. */
  request(order: NewOrder): WorkOrder {
    const created = this.orders.put(createOrder(order));
    if (needsNoSending(created, this.state)) this.orders.put(closeOrder(created, 'done', this.context.now));
    this.assess();
    return this.orders.get(created.orderId) ?? created;
  }

  /** Closes an order that a person does not want any more; false: it is not waiting. */
  cancel(orderId: string): boolean {
    const order = this.orders.get(orderId);
    if (order?.state !== 'pending' || order.origin !== 'request') return false;
    this.orders.put(closeOrder(order, 'cancelled', this.context.now));
    this.assess();
    return true;
  }

  /** The desired configuration by the policies, secrets and features of the context. */
  configuration(): DesiredConfiguration {
    const { policies, secrets, fingerprints, features } = this.context;
    // Features replace their part of the state when it changes what is wanted.
    if (this.desired === undefined || this.desiredWith !== this.state.features) {
      this.desiredWith = this.state.features;
      const facts = features.selectFacts(this.state, selectableFacts(this.state));
      const selected = features.overlay(this.state, policies.select(facts));
      this.desired = new DesiredConfiguration(facts, selected, secrets, fingerprints);
    }
    return this.desired;
  }

  /** What waits for the phone's next contact. */
  pendingWork(): PendingWork {
    const isHeldBack = this.context.features.holdsBack(this.state);
    const differences = this.differences ?? this.assess();
    const hasForPolicies = !isHeldBack && hasPolicyWork(this.state, differences, this.configuration(), this.context);
    return pendingWork(this.state, this.orders.open(), { hasForPolicies, isHeldBack, now: this.context.now });
  }

  /** What gateways have to know of the phone. */
  directive(): Omit<DeviceDirective, 'deviceId'> {
    return { isWorkPending: this.pendingWork().from !== null, ...this.context.features.directive(this.state) };
  }

  // --- deciding

  /** The next work within a contact that already did some: what ended early in it is not tried again in it. */
  private decideAgain(contactId: string): Answer {
    const { now } = this.context;
    const ended = this.orders.open().filter((order) => order.state === 'pending' && belongsTo(order, contactId, now));
    // A busy phone gets no other job in this contact (PROTOCOL 4.6).
    const isBusy = ended.some(({ lastAttemptEnd }) => lastAttemptEnd === 'busy');
    return isBusy ? { kind: 'no-work', moreOrdersWaiting: true } : this.decide(contactId, ended);
  }

  private decide(contactId: string, ended: readonly WorkOrder[]): Answer {
    const endedIds = new Set(ended.map(({ orderId }) => orderId));
    this.closeObsolete();
    const isHeldBack = this.context.features.holdsBack(this.state);
    const queue = this.orders
      .queue()
      .filter((order) => !endedIds.has(order.orderId) && canBeOffered(order, this.state, this.context.now))
      .filter(({ rank }) => !isHeldBack || rank === 'security' || rank === 'mobility');
    for (const order of queue) {
      if (!needsNoSending(order, this.state)) return this.offer(order, contactId);
      this.orders.put(closeOrder(order, 'done', this.context.now));
    }
    const isPolicyOver = isHeldBack || ended.some(({ origin }) => origin === 'policy');
    return isPolicyOver ? NO_WORK : this.offerPolicyWork(contactId);
  }

  private closeObsolete(): void {
    for (const order of this.orders.queue()) {
      if (order.origin !== 'system' || !this.context.features.isObsolete(this.state, order)) continue;
      this.orders.put(closeOrder(order, 'superseded', this.context.now));
    }
  }

  private offerPolicyWork(contactId: string): Answer {
    const { order, obsolete } = policyWork(this.state, this.orders.open(), this.configuration(), this.context);
    for (const one of obsolete) this.orders.put(closeOrder(one.order, one.state, this.context.now));
    if (order !== undefined) return this.offer(order, contactId);
    if (obsolete.length > 0) this.assess();
    return NO_WORK;
  }

  private offer(order: WorkOrder, contactId: string): Answer {
    const { now, limits } = this.context;
    // Work of the other kind, which every contact may bring, does not make this one promising again.
    if (order.origin === 'policy' && this.state.givenUp?.kind === order.kind) this.state.givenUp = null;
    if (order.kind === 'firmware') this.state.firmwareOfferedAt = now;
    const offered = this.orders.put(offerOrder(order, contactId, now, limits));
    this.assess();
    return { kind: 'order', order: offered };
  }

  private plan(planned: readonly PlannedOrder[], contactId: string | null): void {
    if (planned.length > 0) this.desired = undefined;
    for (const one of planned) {
      const isKnown = this.orders.open().some(({ orderKey }) => orderKey === one.key);
      if (isKnown || (one.onlyInThisContact === true && contactId === null)) continue;
      const { newOrderId, now } = this.context;
      this.orders.put(plannedOrder(one, { orderId: newOrderId(), deviceId: this.state.deviceId, now, contactId }));
    }
  }

  // --- orders

  /** The answer, or undefined when the order is finished and the next work is to be decided. */
  private progress(order: WorkOrder, event: StepCompleted, at: Date): Answer | undefined {
    const { stepIndex, part, kind, outcome, isStepFinished, attempt } = event;
    const known = orderedRefs(order);
    const refusedItems = event.refusedItems.filter(({ name, index }) => known.has(itemKey(name, index)));
    const result = { attempt, stepIndex, part, kind, outcome, isStepFinished, refusedItems, at: at.toISOString() };
    if (isGoingInCircles(order, result)) return this.stop(order, 'step-failed');
    const recorded = this.orders.put(recordResult(order, result, this.context.now, this.context.limits));
    // A refusal of what seemed to be sent (PROTOCOL 4.10): it did not begin, so it may come again at once.
    if (order.kind === 'firmware' && (outcome === 'busy' || outcome === 'failed')) this.state.firmwareOfferedAt = null;
    if (outcome === 'busy') return this.stop(recorded, 'busy');
    if (outcome === 'failed') return this.stop(recorded, 'step-failed');
    takeWrites(this.state, recorded, event);
    if (!isFinished(recorded) && !event.isOrderFinished) {
      return event.awaitingWork ? { kind: 'order', order: recorded } : NO_WORK;
    }
    if (recorded.kind === 'read-all' && !isReportCurrent(this.state)) return this.stop(recorded, 'report-incomplete');
    this.finish(recorded, outcome === 'sent');
    return undefined;
  }

  private stop(order: WorkOrder, end: AttemptEnd): Answer {
    // Published twice, as the phone repeated its answer: the attempt has ended already.
    if (order.state !== 'pending') this.endAttempt(order, end);
    return { kind: 'no-work', moreOrdersWaiting: end === 'busy' };
  }

  private finish(order: WorkOrder, isSent: boolean): void {
    const { now } = this.context;
    if (order.kind === 'factory-reset') forgetEverything(this.state);
    const { verification } = order;
    // A phone that answered a file has told its result already.
    const isOpenStill = verification !== null && (isSent || verification.kind !== 'deployment-status');
    if (refusedIn(order).length > 0) this.orders.put(closeOrder(order, 'refused', now, 'items-refused'));
    else if (isStoredDifferently(this.state, order)) {
      this.orders.put(closeOrder(order, 'failed', now, 'stored-differently'));
    } else if (isOpenStill) {
      this.orders.put(startVerifying(order, verification, now));
    } else this.orders.put(closeOrder(order, 'done', now));
  }

  private endAttempt(order: WorkOrder, end: AttemptEnd): void {
    const { now, limits } = this.context;
    const ended = this.orders.put(endAttempt(order, end, now, limits));
    if (ended.state === 'failed' && ended.origin === 'policy') {
      this.state.givenUp = { kind: order.kind, marks: marksOf(order.targets), at: now.toISOString() };
    }
  }

  private endOtherContacts(contactId: string): void {
    for (const order of this.orders.open()) {
      if (order.state === 'verifying' || belongsTo(order, contactId, this.context.now)) continue;
      if (order.state !== 'pending') this.endAttempt(order, 'contact-replaced');
      if (order.contactId !== contactId) this.dropIfBound(order.orderId);
    }
  }

  private dropIfBound(orderId: string): void {
    const order = this.orders.get(orderId);
    if (order?.isContactBound !== true || !isOpen(order)) return;
    this.orders.put(closeOrder(order, 'superseded', this.context.now, 'contact-ended'));
  }

  private onClosed(order: WorkOrder): void {
    this.plan(this.context.features.onOrderClosed(this.view(), order), null);
  }

  private takeFullReport(items: readonly ReportedItem[], at: Date): void {
    const { state } = this;
    this.sent.onFullReport(items, at);
    state.report = replaceReport(items);
    state.fullReportAt = at;
    state.isReportStale = false;
    if (state.contactReason === 'device-started' && hasLostValues(state, this.configuration())) forgetUnreported(state);
  }

  // ---

  /** An opening that is later than now tells of a gateway's clock; what comes after it is none the older for that. */
  private isReplay(at: Date): boolean {
    const newest = Math.min(this.state.contactOpenedAt?.getTime() ?? 0, this.context.now.getTime());
    return newest - at.getTime() > REPLAY_AGE_MS;
  }

  private assess(): readonly Difference[] {
    this.state.plannedVersion = this.context.policies.version;
    const policyOrders = this.orders.all().filter(({ origin }) => origin === 'policy');
    this.differences = assessDevice(this.state, this.configuration(), policyOrders, this.context.now);
    return this.differences;
  }

  private view(): FeatureDevice {
    const { now, seal } = this.context;
    const { deviceId } = this.state;
    return { state: this.state, orders: this.orders.all(), now, seal: (value, key) => seal(value, deviceId, key) };
  }
}
