import type { Item } from '@opendls/dls-codec';
import { findItem } from '@opendls/item-catalog';
import { allItems } from './messages.js';
import type { PhoneState } from './phone-state.js';
import { isReadable } from './readable.js';

/** Answers ReadItems: every wanted item with its value or with the status that says why there is none (PROTOCOL 6.2). */
export function readItems(state: PhoneState, wanted: readonly Item[]): Item[] {
  // User data is told on demand only, while its user is there (PROTOCOL 4.12).
  const all = [...allItems(state), ...state.mobility.userData];
  return wanted.flatMap(({ name, index }) => {
    const found = all.filter((item) => item.name === name && (index === undefined || item.index === index));
    if (found.length > 0) return found;
    const identity = index === undefined ? { name } : { name, index };
    return [{ ...identity, value: '', status: isKnown(state, name) ? ('failed' as const) : ('unknown item' as const) }];
  });
}

/** Items of other models are known names without a value; certificates and passwords cannot be read back. */
function isKnown(state: PhoneState, name: string): boolean {
  return findItem(name) !== undefined || !isReadable(name) || state.items.hasName(name);
}
