import type { ContactOpened, ReportedItem } from '@opendls/event-contracts';
import { closeOrder, type AttemptEnd, type WorkOrder } from '../../work-orders/domain/work-order.js';
import type { DesiredConfiguration } from './desired-configuration.js';
import type { DeviceOrders } from './device-orders.js';
import type { DeviceState } from './device-state.js';
import { keepAnswers } from './order-answers.js';
import { forgetEverything } from './phone-writes.js';
import {
  deploymentResults,
  deploymentVerdict,
  filesInReport,
  filesOf,
  firmwareRefusal,
  overdueVerdict,
  resultsOfReport,
  startUpVerdict,
  type Verdict,
} from './verification.js';

/** A phone that repeats its opening this soon after an order was sent did not get it; no phone boots as fast. */
const LOST_REPLY_MS = 15_000;

/** What the orders of a phone are to the one who follows them. */
interface SentOrdersParts {
  readonly state: DeviceState;
  readonly orders: DeviceOrders;
  readonly now: Date;
  configuration(): DesiredConfiguration;
  endAttempt(order: WorkOrder, end: AttemptEnd): void;
}

/** Follows orders whose effect shows after they were sent: restarts, firmware, files. */
export class SentOrders {
  constructor(private readonly parts: SentOrdersParts) {}

  /** The phone opened a contact, for another reason than a deployment. */
  onOpening(contactId: string, reason: string, isRepeated: boolean): void {
    const { orders, now, state } = this.parts;
    const isStartUp = reason === 'device-started';
    for (const order of orders.open()) {
      const { verification, offeredAt } = order;
      if (verification === null || offeredAt === null) continue;
      const isLost = isRepeated && order.contactId === contactId && now.getTime() - offeredAt.getTime() < LOST_REPLY_MS;
      if (order.state === 'verifying') {
        if (isLost) this.sendAgain(order);
        else if (isStartUp) this.settle(order, startUpVerdict(verification, state.facts.softwareVersion));
      } else if (order.state === 'pending' && isStartUp) this.onStartUpWhilePending(order);
    }
  }

  /** `status`, within the contact of the deployment or by itself (PROTOCOL 3.1). */
  onDeployment({ contactId, items }: ContactOpened): void {
    for (const order of this.parts.orders.open()) {
      if (order.attempt === 0) continue;
      if (order.verification?.kind === 'firmware') {
        const isRefused = order.state === 'verifying' && firmwareRefusal(items);
        if (isRefused) this.settle(order, { state: 'failed', code: 'deployment-failed' });
      } else this.takeResults(order, deploymentResults(filesOf(order), items), contactId);
    }
  }

  /**
   * A full report, not yet taken over, also lists the files (PROTOCOL 3.2, 4.9). Soon after the sending it is believed of
   * files that the report before, if there was one, did not list: of others it may still tell of an earlier file of the
   * same name.
   */
  onFullReport(items: readonly ReportedItem[], at: Date): void {
    const { report, fullReportAt } = this.parts.state;
    const filesBefore = fullReportAt === null ? null : filesInReport(report);
    for (const order of this.parts.orders.open()) {
      const { verification, offeredAt } = order;
      if (order.state !== 'verifying' || verification?.kind !== 'deployment-status' || offeredAt === null) continue;
      const isSoon = at.getTime() - offeredAt.getTime() < verification.readAllAfterMs;
      const isNew = (name: string): boolean => !isSoon || (filesBefore !== null && !filesBefore.has(name));
      this.takeResults(order, resultsOfReport(order, items, isNew), null);
    }
  }

  /** Time for `status` is over: the full report tells. Time for everything is over: nobody knows. */
  onOverdue(order: WorkOrder): void {
    const { now, state, orders } = this.parts;
    const { verification, offeredAt } = order;
    const end = (offeredAt ?? now).getTime() + (verification?.timeoutMs ?? 0);
    if (verification?.kind === 'deployment-status' && now.getTime() < end) {
      state.isReportStale = true;
      orders.put({ ...order, expiresAt: new Date(end) });
    } else this.settle(order, overdueVerdict(order));
  }

  private takeResults(order: WorkOrder, results: readonly ReportedItem[], contactId: string | null): void {
    if (results.length === 0) return;
    const noted = this.parts.orders.put(keepAnswers(order, results, this.parts.configuration()));
    // While the order is played in this contact, the answer to its step is about to follow.
    const isPlayed = (noted.state === 'offered' || noted.state === 'running') && noted.contactId === contactId;
    if (!isPlayed) this.settle(noted, deploymentVerdict(noted));
  }

  private sendAgain(order: WorkOrder): void {
    if (order.verification?.kind === 'deployment-status') return;
    this.parts.orders.put({ ...order, state: 'offered', fromStep: 0, fromPart: 0 });
  }

  /** It was sent by a gateway that could not tell any more; a phone that has booted is not told to boot again. */
  private onStartUpWhilePending(order: WorkOrder): void {
    const { kind, lastAttemptEnd } = order;
    const wasSent = order.attempt > 0 && lastAttemptEnd !== 'busy' && lastAttemptEnd !== 'deadline';
    if (!wasSent || (kind !== 'restart' && kind !== 'factory-reset')) return;
    if (kind === 'factory-reset') forgetEverything(this.parts.state);
    this.settle(order, { state: 'done' });
  }

  private settle(order: WorkOrder, verdict: Verdict | undefined): void {
    if (verdict === undefined) return;
    if (verdict.state === 'again') return this.parts.endAttempt(order, 'not-verified');
    const code = verdict.state === 'failed' ? verdict.code : null;
    this.parts.orders.put(closeOrder(order, verdict.state, this.parts.now, code));
  }
}
