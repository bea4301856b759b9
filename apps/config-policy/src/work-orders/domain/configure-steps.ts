import { findItem, togetherGroup } from '@opendls/item-catalog';
import type { ItemRef, ItemToWrite, WorkOrderStep } from '@opendls/event-contracts';
import type { DesiredItem } from '../../devices/domain/desired-configuration.js';
import { isWritable, type Difference } from '../../devices/domain/difference.js';
import type { OrderTarget } from './work-order.js';

/** Seals a value for one item of one phone; only the gateway opens it. */
export type SealValue = (value: string, deviceId: string, itemKey: string) => string;

/**
 * The items of an order that removes the differences: the writable ones, and with each the other desired items of its
 * group, because a key, a line or an application must arrive in one message (PROTOCOL: items that belong together).
 * The order is the same whenever the items are: groups by name and number, the definition of a key before its details.
 */
export function itemsToWrite(differences: readonly Difference[], desired: readonly DesiredItem[]): DesiredItem[] {
  const changed = new Set(differences.filter(isWritable).map(({ desired: item }) => item.key));
  const impossible = new Set(differences.filter((one) => !isWritable(one)).map(({ desired: item }) => item.key));
  const groups = new Set(desired.filter(({ key }) => changed.has(key)).map(groupOf));
  return desired
    .filter((item) => changed.has(item.key) || (groups.has(groupOf(item)) && !impossible.has(item.key)))
    .sort(compareItems);
}

/** Write, then read back what can be read: inventory and the last report get what the phone really stored. */
export function configureSteps(items: readonly DesiredItem[], deviceId: string, seal: SealValue): WorkOrderStep[] {
  const written = items.flatMap((item) => toWrite(item, deviceId, seal));
  if (written.length === 0) return [];
  const readable = items.filter(isReadable).map(refOf);
  const write: WorkOrderStep = { kind: 'write-items', items: written };
  return readable.length === 0 ? [write] : [write, { kind: 'read-items', items: readable }];
}

/** What each item of the order is to become. */
export function orderTargets(items: readonly DesiredItem[]): Map<string, OrderTarget> {
  const targets = new Map<string, OrderTarget>();
  for (const item of items) {
    if (item.target.kind !== 'known') continue;
    const { mark, comparable } = item.target;
    const { policy, revision } = item.from;
    targets.set(item.key, { ...refOf(item), mark, policy, revision, ...(item.secret ? {} : { comparable }) });
  }
  return targets;
}

export function refOf({ name, index }: { readonly name: string; readonly index?: number }): ItemRef {
  return index === undefined ? { name } : { name, index };
}

function toWrite(item: DesiredItem, deviceId: string, seal: SealValue): ItemToWrite[] {
  if (item.target.kind !== 'known') return [];
  const { value } = item.target;
  return [item.secret ? { ...refOf(item), sealed: seal(value, deviceId, item.key) } : { ...refOf(item), value }];
}

function isReadable(item: DesiredItem): boolean {
  return !item.secret && item.target.kind === 'known' && findItem(item.name)?.access !== 'write-only';
}

function groupOf(item: DesiredItem): string {
  return togetherGroup(item) ?? item.key;
}

function compareItems(a: DesiredItem, b: DesiredItem): number {
  return (
    compareText(groupOf(a), groupOf(b)) ||
    Number(isDefinition(b)) - Number(isDefinition(a)) ||
    compareText(a.name, b.name) ||
    (a.index ?? -1) - (b.index ?? -1)
  );
}

function isDefinition({ name }: DesiredItem): boolean {
  return name === 'function-key-def' || name === 'XML-app-name';
}

/** By code unit, numbers in brackets by size: independent of the machine's language. */
function compareText(a: string, b: string): number {
  const [nameA, numberA] = splitKey(a);
  const [nameB, numberB] = splitKey(b);
  if (nameA !== nameB) return nameA < nameB ? -1 : 1;
  return numberA - numberB;
}

function splitKey(key: string): readonly [string, number] {
  const match = /^(.*)\[(\d+)\]$/s.exec(key);
  return match === null ? [key, -1] : [match[1] ?? '', Number(match[2])];
}
