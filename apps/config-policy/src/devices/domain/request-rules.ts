import type { WorkOrder } from '../../work-orders/domain/work-order.js';
import type { DeviceState } from './device-state.js';
import { FIRMWARE_GUARD_MS, firmwareVersionOf, isRunning } from './verification.js';

/** From when on an order may be offered; for all but firmware that is always. */
export function offerableFrom(order: WorkOrder, { firmwareOfferedAt, contactId }: DeviceState): Date {
  const isRepeat = order.state === 'offered' && order.contactId === contactId;
  if (order.kind !== 'firmware' || firmwareOfferedAt === null || isRepeat) return order.createdAt;
  return new Date(Math.max(order.createdAt.getTime(), firmwareOfferedAt.getTime() + FIRMWARE_GUARD_MS));
}

/** The loop guard of firmware: never offered twice within 15 minutes (PROTOCOL 4.10). */
export function canBeOffered(order: WorkOrder, state: DeviceState, now: Date): boolean {
  return order.kind !== 'firmware' || offerableFrom(order, state) <= now;
}

/** The phone runs the wanted version already. */
export function needsNoSending(order: WorkOrder, { facts }: DeviceState): boolean {
  const wanted = firmwareVersionOf(order);
  return order.state !== 'verifying' && wanted !== null && isRunning(facts.softwareVersion, wanted);
}
