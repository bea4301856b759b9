import type { Item, ItemStatus } from '@opendls/dls-codec';
import type { ItemDefinition } from '@opendls/item-catalog';
import { findItem, itemKey, validateItem } from '@opendls/item-catalog';
import type { PhoneItems, StoredItem } from './phone-items.js';
import type { PhoneProfile } from './phone-state.js';
import { refusalOfSecurityItem } from './secure-mode.js';

export interface WriteResult {
  readonly items: PhoneItems;
  /** Refused items as they go back: no value, a status (PROTOCOL 6.3). Items not listed were stored. */
  readonly refused: readonly Item[];
  readonly stored: readonly StoredItem[];
}

/** Stores what can be stored and refuses the rest item by item; the message as a whole stays accepted. */
export function writeItems(profile: PhoneProfile, items: PhoneItems, written: readonly Item[]): WriteResult {
  const stored: StoredItem[] = [];
  const refused: Item[] = [];
  for (const { name, index, value } of written) {
    const identity = index === undefined ? { name } : { name, index };
    const status = refusalOf(profile, items, { ...identity, value }, written);
    if (status) refused.push({ ...identity, value: '', status });
    else stored.push({ ...identity, value });
  }
  return { items: withoutDeletedApplications(items.with(stored), stored), refused, stored };
}

function refusalOf(
  profile: PhoneProfile,
  items: PhoneItems,
  item: StoredItem,
  written: readonly Item[],
): ItemStatus | undefined {
  const planted = profile.refusals.get(itemKey(item.name, item.index)) ?? profile.refusals.get(item.name);
  if (planted) return planted;
  const definition = findItem(item.name);
  if (!definition) return items.hasName(item.name) ? undefined : 'unknown item';
  if (definition.access === 'read-only') return 'read only';
  const security = refusalOfSecurityItem(profile, items, item, written);
  if (security) return security;
  if (item.name === 'goto-secure-mode') return undefined; // the catalogue takes it for the argument of an action
  const codes = validateItem(item)
    .filter(({ severity }) => severity === 'error')
    .map(({ code }) => code);
  if (codes.includes('action-argument')) return 'unexpected item';
  if (codes.some((code) => code.startsWith('index-')) || !hasKey(profile, definition, item.index))
    return 'invalid index';
  return codes.length > 0 ? 'invalid data' : undefined;
}

/** Keys and lines exist as many times as the model has keys, on both levels, with two key modules and the fixed keys. */
function hasKey({ personality }: PhoneProfile, definition: ItemDefinition, index: number | undefined): boolean {
  if (index === undefined || !(definition.group === 'keys' || definition.group === 'lines')) return true;
  if (index >= 4001) return index <= 4003;
  const key = index % 1000;
  return (key >= 1 && key <= personality.keyCount) || (key >= 301 && key <= 312) || (key >= 401 && key <= 412);
}

/** `XML-app-action` delete removes the application of that index. */
function withoutDeletedApplications(items: PhoneItems, stored: readonly StoredItem[]): PhoneItems {
  const deleted = new Set(
    stored.filter(({ name, value }) => name === 'XML-app-action' && value === 'delete').map(({ index }) => index),
  );
  if (deleted.size === 0) return items;
  return items.without(({ name, index }) => name.startsWith('XML-app-') && deleted.has(index));
}
