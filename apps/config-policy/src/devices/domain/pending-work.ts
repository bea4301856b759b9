import type { WorkOrder } from '../../work-orders/domain/work-order.js';
import type { DeviceState } from './device-state.js';
import { offerableFrom } from './request-rules.js';

/** What waits for a phone. Orders that are offered, running or verifying do not: they are under way. */
export interface PendingWork {
  /** From when on something can be done; null: nothing waits. */
  readonly from: Date | null;
  /** Somebody asked for it to be done now. */
  readonly isUrgent: boolean;
}

export function pendingWork(
  state: DeviceState,
  open: readonly WorkOrder[],
  about: { readonly hasForPolicies: boolean; readonly isHeldBack: boolean; readonly now: Date },
): PendingWork {
  const underWay = open.some(({ state: one }) => one === 'offered' || one === 'running');
  const waiting = open.filter(
    (order) =>
      order.state === 'pending' &&
      order.origin !== 'policy' &&
      !order.isContactBound &&
      (!about.isHeldBack || order.rank === 'security' || order.rank === 'mobility'),
  );
  const times = waiting.map((order) => offerableFrom(order, state).getTime());
  // While the phone is at work the rest of the policies' work follows in the same contact.
  if (about.hasForPolicies && !underWay) times.push(about.now.getTime());
  if (times.length === 0) return { from: null, isUrgent: false };
  const isUrgent = waiting.some(({ wantsContactNow, attempt }) => wantsContactNow && attempt === 0);
  return { from: new Date(Math.min(...times)), isUrgent };
}
