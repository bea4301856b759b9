import type { WorkOrderKind } from '@opendls/event-contracts';
import { configureSteps, itemsToWrite, orderTargets } from '../../work-orders/domain/configure-steps.js';
import { createOrder, type WorkOrder } from '../../work-orders/domain/work-order.js';
import { isReportCurrent, isSameWork, marksOf, memoryOf } from './assess-device.js';
import type { DecisionContext } from './decision-context.js';
import type { DesiredConfiguration } from './desired-configuration.js';
import type { DeviceState } from './device-state.js';
import { blockOf, differencesOf, isWritable, type Difference } from './difference.js';

/** What the policies want done next, and which of their open orders that makes obsolete. */
export interface PolicyWork {
  readonly order: WorkOrder | undefined;
  readonly obsolete: readonly { readonly order: WorkOrder; readonly state: 'done' | 'superseded' }[];
}

/** Reads everything before anything is written; writes what differs. */
export function policyWork(
  state: DeviceState,
  open: readonly WorkOrder[],
  desired: DesiredConfiguration,
  context: DecisionContext,
): PolicyWork {
  const find = (kind: WorkOrderKind): WorkOrder | undefined =>
    open.find((order) => order.origin === 'policy' && order.kind === kind);
  const reading = find('read-all');
  if (!isReportCurrent(state)) {
    if (isResting(state, 'read-all', {}, context)) return { order: undefined, obsolete: [] };
    const steps = [{ kind: 'read-all-items' as const }];
    return { order: reading ?? newOrder(state, 'read-all', steps, new Map(), context), obsolete: [] };
  }
  const obsolete = reading === undefined ? [] : [{ order: reading, state: 'superseded' as const }];
  const writing = find('configure');
  const differences = differencesOf(desired, memoryOf(state));
  if (!differences.some(isWritable)) {
    if (writing === undefined) return { order: undefined, obsolete };
    return { order: undefined, obsolete: [...obsolete, { order: writing, state: endOf(state, writing) }] };
  }
  if (writing !== undefined && isStillWanted(state, writing, differences, desired)) return { order: writing, obsolete };
  if (writing !== undefined) obsolete.push({ order: writing, state: 'superseded' });
  const items = itemsToWrite(differences, desired.items);
  const targets = orderTargets(items);
  if (isResting(state, 'configure', marksOf(targets), context)) return { order: undefined, obsolete };
  const steps = configureSteps(items, state.deviceId, context.seal);
  return { order: newOrder(state, 'configure', steps, targets, context), obsolete };
}

/** Whether policies have something to do at the phone's next contact. */
export function hasPolicyWork(
  state: DeviceState,
  differences: readonly Difference[],
  desired: DesiredConfiguration,
  context: DecisionContext,
): boolean {
  if (state.contactId === null) return false;
  if (!isReportCurrent(state)) return !isResting(state, 'read-all', {}, context);
  if (!differences.some(isWritable)) return false;
  if (state.givenUp === null) return true;
  return !isResting(state, 'configure', marksOf(orderTargets(itemsToWrite(differences, desired.items))), context);
}

/** An order may be offered again only while all it writes is wanted, and it covers all that is to be written. */
function isStillWanted(
  state: DeviceState,
  order: WorkOrder,
  differences: readonly Difference[],
  desired: DesiredConfiguration,
): boolean {
  const memory = memoryOf(state);
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
function endOf({ applied }: DeviceState, order: WorkOrder): 'done' | 'superseded' {
  const wasWritten = [...order.targets].every(([key, { mark }]) => applied.get(key) === mark);
  return order.attempt > 0 && wasWritten ? 'done' : 'superseded';
}

function newOrder(
  { deviceId }: DeviceState,
  kind: WorkOrderKind,
  steps: WorkOrder['steps'],
  targets: WorkOrder['targets'],
  { newOrderId, now }: DecisionContext,
): WorkOrder {
  return createOrder({ orderId: newOrderId(), deviceId, kind, steps, targets, createdAt: now });
}

function isResting(
  { givenUp }: DeviceState,
  kind: WorkOrderKind,
  marks: Readonly<Record<string, string>>,
  { now, limits }: DecisionContext,
): boolean {
  if (givenUp === null || !isSameWork(givenUp, kind, marks)) return false;
  return now.getTime() - new Date(givenUp.at).getTime() < limits.retryFailedAfterMs;
}
