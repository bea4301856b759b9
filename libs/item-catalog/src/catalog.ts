import type { ItemDefinition } from './item-definition.js';
import { ITEM_DEFINITIONS } from './items.data.js';

const byName: ReadonlyMap<string, ItemDefinition> = new Map(ITEM_DEFINITIONS.map((item) => [item.name, item]));
const byFoldedName: ReadonlyMap<string, ItemDefinition> = new Map(
  ITEM_DEFINITIONS.map((item) => [item.name.toLowerCase(), item]),
);

/** The definition of an item; names are case-sensitive (PROTOCOL 6.1). Undefined means unknown, not wrong. */
export function findItem(name: string): ItemDefinition | undefined {
  return byName.get(name);
}

/** The definition whose name differs at most in upper and lower case. */
export function findItemIgnoringCase(name: string): ItemDefinition | undefined {
  return byName.get(name) ?? byFoldedName.get(name.toLowerCase());
}

/** All definitions, sorted by name without regard to case. */
export function listItems(): readonly ItemDefinition[] {
  return ITEM_DEFINITIONS;
}
