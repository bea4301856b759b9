import { comparableValue } from '../../policies/domain/item-value.js';
import type { DesiredConfiguration, DesiredItem } from './desired-configuration.js';

/** What a phone said of one item. A secret has no value here; a status says why there is none. */
export interface ReportedValue {
  readonly value?: string;
  readonly secret?: true;
  readonly status?: string;
}
export type ItemReport = ReadonlyMap<string, ReportedValue>;

/** Why an item is not written any more until its policy or the phone's software changes. */
export interface BlockedItem {
  readonly reason: 'refused' | 'stored-differently';
  /** Item status of the phone for `refused`. */
  readonly status?: string;
  readonly mark: string;
  readonly policy: string;
  readonly revision: number;
  readonly softwareVersion: string | null;
  readonly orderId: string;
}

/** All that is remembered of what a phone has. */
export interface PhoneMemory {
  readonly report: ItemReport;
  /** Per item the mark of the value the phone is known to have or have had. */
  readonly applied: ReadonlyMap<string, string>;
  readonly blocked: ReadonlyMap<string, BlockedItem>;
  readonly softwareVersion: string | null;
}

/**
 * - `differs`: the phone reports another value;
 * - `drifted`: it reports another value although it had the desired one before;
 * - `not-reported`: it does not report the item, and it was not written yet;
 * - `outdated`: it does not report the item, and another value was written last;
 * - `secret-missing`, `fact-missing`: the value is not known yet;
 * - `refused`, `stored-differently`: the phone did not take the value; not written again.
 */
export type DifferenceReason =
  | 'differs'
  | 'drifted'
  | 'not-reported'
  | 'outdated'
  | 'secret-missing'
  | 'fact-missing'
  | 'refused'
  | 'stored-differently';

export interface Difference {
  readonly desired: DesiredItem;
  readonly reason: DifferenceReason;
  readonly reported: ReportedValue | undefined;
  /** Item status for `refused`. */
  readonly status?: string;
}

/** Whether writing can remove a difference. */
export function isWritable({ reason }: Difference): boolean {
  return reason === 'differs' || reason === 'drifted' || reason === 'not-reported' || reason === 'outdated';
}

/** Whether the phone refuses to follow. */
export function isBlocked({ reason }: Difference): boolean {
  return reason === 'refused' || reason === 'stored-differently';
}

/** What is different from the desired configuration, in its order. */
export function differencesOf(desired: DesiredConfiguration, memory: PhoneMemory): Difference[] {
  const differences: Difference[] = [];
  for (const item of desired.items) {
    const reason = compare(desired, item, memory);
    if (reason === undefined) continue;
    const reported = memory.report.get(item.key);
    const blocked = blockOf(desired, item, memory);
    if (blocked === undefined) differences.push({ desired: item, reason, reported });
    else differences.push({ desired: item, reason: blocked.reason, reported, ...statusOf(blocked) });
  }
  return differences;
}

/** The desired items that the phone has, with their marks. */
export function appliedMarks(desired: DesiredConfiguration, memory: PhoneMemory): Map<string, string> {
  const marks = new Map<string, string>();
  for (const item of desired.items) {
    if (item.target.kind === 'known' && compare(desired, item, memory) === undefined) {
      marks.set(item.key, item.target.mark);
    }
  }
  return marks;
}

/** A block holds while policy revision, value and software of the phone are the ones it was made with. */
export function blockOf(
  desired: DesiredConfiguration,
  item: DesiredItem,
  memory: PhoneMemory,
): BlockedItem | undefined {
  const blocked = memory.blocked.get(item.key);
  if (blocked === undefined) return undefined;
  const holds =
    blocked.policy === item.from.policy &&
    blocked.revision === item.from.revision &&
    blocked.softwareVersion === memory.softwareVersion &&
    desired.isMark(item, blocked.mark);
  return holds ? blocked : undefined;
}

function compare(desired: DesiredConfiguration, item: DesiredItem, memory: PhoneMemory): DifferenceReason | undefined {
  if (item.target.kind === 'unresolved') return item.target.reason;
  const applied = memory.applied.get(item.key);
  const reported = memory.report.get(item.key)?.value;
  if (reported !== undefined) {
    if (comparableValue(item.name, reported) === item.target.comparable) return undefined;
    return desired.isMark(item, applied) ? 'drifted' : 'differs';
  }
  if (applied === undefined) return 'not-reported';
  return desired.isMark(item, applied) ? undefined : 'outdated';
}

function statusOf(blocked: BlockedItem): { status?: string } {
  return blocked.status === undefined ? {} : { status: blocked.status };
}
