import { itemKey } from '@opendls/item-catalog';
import type { EventDataByType, ReportedItem } from '@opendls/event-contracts';
import { comparableValue } from '../../policies/domain/item-value.js';
import { refusedIn, writtenRefs, type WorkOrder } from '../../work-orders/domain/work-order.js';
import type { DesiredConfiguration } from './desired-configuration.js';
import type { DeviceState } from './device-state.js';
import type { BlockedItem } from './difference.js';

export type StepCompleted = EventDataByType['opendls.gateway.step-completed'];

/** Remembers what a phone stored and what it refused of one message. Items the order does not have are ignored. */
export function takeWrites(state: DeviceState, order: WorkOrder, event: StepCompleted): void {
  if (event.kind !== 'write-items') return;
  for (const { name, index, status } of event.refusedItems) {
    blockItem(state, order, itemKey(name, index), { reason: 'refused', status });
  }
  const refused = new Set([...event.refusedItems, ...refusedIn(order)].map(({ name, index }) => itemKey(name, index)));
  // At the end of the step all its items count, also those of parts that a gateway without the order could not name.
  const written = event.isStepFinished ? writtenRefs(order, event.stepIndex) : (event.writtenItems ?? []);
  const values = writtenValues(order);
  for (const { name, index } of written) {
    const key = itemKey(name, index);
    const target = order.targets.get(key);
    if (target === undefined || refused.has(key)) continue;
    state.applied.set(key, target.mark);
    state.blocked.delete(key);
    const value = values.get(key);
    // An item that phones report will be reported again; one that they do not is remembered by its mark.
    if (value !== undefined && state.report.get(key)?.value !== undefined) state.report.set(key, { value });
  }
}

/** Items that were read back after writing: another value than the one written does not become right by repeating. */
export function verifyWrites(state: DeviceState, order: WorkOrder, items: readonly ReportedItem[]): void {
  for (const { name, index, value } of items) {
    const key = itemKey(name, index);
    const wanted = order.targets.get(key)?.comparable;
    if (wanted === undefined || value === undefined || comparableValue(name, value) === wanted) continue;
    blockItem(state, order, key, { reason: 'stored-differently' });
    state.applied.delete(key);
  }
}

/** Whether the phone stored something else than this order wrote. */
export function isStoredDifferently(state: DeviceState, order: WorkOrder): boolean {
  return [...state.blocked.values()].some(
    ({ orderId, reason }) => orderId === order.orderId && reason === 'stored-differently',
  );
}

/** Whether a phone reports another value than it had of an item that policies are about. */
export function hasLostValues({ report, applied }: DeviceState, desired: DesiredConfiguration): boolean {
  return desired.items.some(({ key, name, secret }) => {
    const mark = applied.get(key);
    const value = report.get(key)?.value;
    return !secret && mark !== undefined && value !== undefined && comparableValue(name, value) !== mark;
  });
}

/**
 * A phone that boots with other values than it had was reset, or changed while out of sight: what it does not report
 * (secrets above all) may be gone as well and is written again.
 */
export function forgetUnreported({ report, applied }: DeviceState): void {
  for (const key of applied.keys()) if (report.get(key)?.value === undefined) applied.delete(key);
}

/** A factory reset leaves nothing of what the phone was known to have. */
export function forgetEverything(state: DeviceState): void {
  for (const map of [state.report, state.applied, state.blocked]) for (const key of [...map.keys()]) map.delete(key);
  state.fullReportAt = null;
  state.isReportStale = true;
}

function blockItem(
  state: DeviceState,
  order: WorkOrder,
  key: string,
  why: Pick<BlockedItem, 'reason' | 'status'>,
): void {
  const target = order.targets.get(key);
  if (target === undefined) return;
  const { mark, policy, revision } = target;
  const { softwareVersion } = state.facts;
  state.blocked.set(key, { ...why, mark, policy, revision, softwareVersion, orderId: order.orderId });
}

function writtenValues(order: WorkOrder): Map<string, string> {
  const values = new Map<string, string>();
  for (const step of order.steps) {
    if (step.kind !== 'write-items') continue;
    for (const item of step.items) if ('value' in item) values.set(itemKey(item.name, item.index), item.value);
  }
  return values;
}
