import type { ItemDefinition } from './item-definition.js';
import { isSecretItem } from './secrets.js';

const SHOWN_LENGTH = 60;

/** A value as messages show it: quoted, shortened, and not at all when it is secret. */
export function shownValue(definition: ItemDefinition, value: string): string {
  if (isSecretItem(definition.name)) return 'another value';
  const characters = [...value];
  return JSON.stringify(characters.length > SHOWN_LENGTH ? `${characters.slice(0, SHOWN_LENGTH).join('')}...` : value);
}

/** The values of an enumeration in words. */
export function describeValues(values: ItemDefinition['values']): string {
  return `one of ${(values ?? []).map(({ value, meaning }) => `${value} (${meaning})`).join(', ')}`;
}
