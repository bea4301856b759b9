import type { WorkOrderKind } from '@opendls/event-contracts';
import { comparableValue } from '../../policies/domain/item-value.js';
import { itemsToWrite, orderTargets } from '../../work-orders/domain/configure-steps.js';
import { isOpen, type WorkOrder } from '../../work-orders/domain/work-order.js';
import { complianceState, openItems } from './compliance.js';
import type { DesiredConfiguration } from './desired-configuration.js';
import type { DeviceState, GivenUp } from './device-state.js';
import { appliedMarks, differencesOf, isBlocked, type Difference, type PhoneMemory } from './difference.js';

type Marks = Readonly<Record<string, string>>;

/** Every item has been read, and the phone announced no change since that it did not name. */
export function isReportCurrent(state: DeviceState): boolean {
  return state.fullReportAt !== null && !state.isReportStale;
}

/** The part of the state that comparisons look at. */
export function memoryOf({ report, applied, blocked, facts }: DeviceState): PhoneMemory {
  return { report, applied, blocked, softwareVersion: facts.softwareVersion };
}

/** Brings what is derived in the state up to date after something changed, and returns the differences. */
export function assessDevice(
  state: DeviceState,
  desired: DesiredConfiguration,
  orders: Iterable<WorkOrder>,
  now: Date,
): readonly Difference[] {
  hideSecrets(state, desired);
  const memory = memoryOf(state);
  const differences = differencesOf(desired, memory);
  for (const [key, mark] of appliedMarks(desired, memory)) state.applied.set(key, mark);
  keepOnly(state.applied, (key) => desired.byKey.has(key));
  const refusing = new Set(differences.filter(isBlocked).map((difference) => difference.desired.key));
  keepOnly(state.blocked, (key) => refusing.has(key));

  const isCurrent = isReportCurrent(state);
  const compliance = complianceState({
    desiredItems: desired.items.length,
    differences,
    isReportCurrent: isCurrent,
    hasGivenUp: hasGivenUp(state.givenUp, isCurrent, differences, desired),
    isBeingConfigured: [...orders].some((order) => isOpen(order) && order.kind === 'configure' && order.attempt > 0),
    previous: state.compliance,
  });
  if (compliance !== state.compliance) state.complianceSince = now;
  state.compliance = compliance;
  state.openItems = openItems(differences);
  return differences;
}

/** Whether work is the work that was given up. */
export function isSameWork(givenUp: GivenUp, kind: WorkOrderKind, marks: Marks): boolean {
  if (givenUp.kind !== kind) return false;
  if (kind === 'read-all') return true;
  const keys = Object.keys(marks);
  return keys.length === Object.keys(givenUp.marks).length && keys.every((key) => givenUp.marks[key] === marks[key]);
}

/** The marks of an order's targets, by item key. */
export function marksOf(targets: WorkOrder['targets']): Marks {
  return Object.fromEntries([...targets].map(([key, { mark }]) => [key, mark]));
}

function hasGivenUp(
  givenUp: GivenUp | null,
  isCurrent: boolean,
  differences: readonly Difference[],
  desired: DesiredConfiguration,
): boolean {
  if (givenUp === null) return false;
  if (!isCurrent) return givenUp.kind === 'read-all';
  return isSameWork(givenUp, 'configure', marksOf(orderTargets(itemsToWrite(differences, desired.items))));
}

/** A policy may give a secret to an item that phones report readable: it is compared, and only its mark is kept. */
function hideSecrets(state: DeviceState, desired: DesiredConfiguration): void {
  for (const { key, name, secret, target } of desired.items) {
    const value = secret ? state.report.get(key)?.value : undefined;
    if (value === undefined) continue;
    state.report.set(key, { secret: true });
    if (target.kind === 'known' && comparableValue(name, value) === target.comparable) {
      state.applied.set(key, target.mark);
    } else state.applied.delete(key);
  }
}

function keepOnly<Value>(map: Map<string, Value>, isKept: (key: string) => boolean): void {
  for (const key of map.keys()) if (!isKept(key)) map.delete(key);
}
