import { createOrder, type WorkOrder } from '../../work-orders/domain/work-order.js';
import type { PlannedOrder } from './feature-rules.js';

/** The order that a feature wants. */
export function plannedOrder(
  planned: PlannedOrder,
  by: { readonly orderId: string; readonly deviceId: string; readonly now: Date; readonly contactId: string | null },
): WorkOrder {
  const { kind, rank, steps, targets = new Map(), verification = null, parameters = {} } = planned;
  const { wantsContactNow = false, onlyInThisContact = false, key: orderKey } = planned;
  return createOrder({
    ...{ orderId: by.orderId, deviceId: by.deviceId, createdAt: by.now, origin: 'system' },
    ...{ kind, rank, steps, targets, verification, parameters, orderKey, wantsContactNow },
    ...(onlyInThisContact ? { isContactBound: true, contactId: by.contactId } : {}),
  });
}
