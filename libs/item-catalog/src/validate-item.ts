import { findItem } from './catalog.js';
import type { ItemDefinition } from './item-definition.js';
import type { ItemIssue } from './item-issue.js';
import { error, warning } from './item-issue.js';
import { suggestName } from './suggest-name.js';
import { validateIndex, validateUnknownIndex } from './validate-index.js';
import { validateAnyText, validateValue } from './validate-value.js';

/** An item as somebody wants it written to a phone. */
export interface ItemToValidate {
  readonly name: string;
  readonly index?: number;
  readonly value: string;
}

/** Longest name taken for an item; the longest known one has 41 characters. */
const MAX_NAME_LENGTH = 128;
const NAME_PATTERN = /^[\p{L}\p{N}][\p{L}\p{N}._:-]*$/u;

/** Arguments of an action: no setting of the phone, so WriteItems must not carry them (PROTOCOL 3.5, 7.1). */
const ARGUMENT_OF: ReadonlyMap<string, string> = new Map([
  ['restart-type', 'the action Restart'],
  ['restart-password', 'the action Restart'],
  ['send-solicited', 'the action CleanUp'],
  ['cleanup-reason', 'the action CleanUp'],
  ['goto-secure-mode', 'the bootstrapping to secure mode'],
  ['secure-mode-data', 'the bootstrapping to secure mode'],
]);

/**
 * Checks an item that shall be written: its name, its index, its access and its value. No issues, or only warnings,
 * means it may be sent. An item that is not in the catalogue is a warning: the catalogue is not exhaustive.
 */
export function validateItem(item: ItemToValidate): ItemIssue[] {
  const definition = findItem(item.name);
  if (!definition) return validateUnknownItem(item);
  return [
    ...validateAccess(definition),
    ...validateIndex(definition, item.index),
    ...validateValue(definition, item.value),
  ];
}

function validateUnknownItem({ name, index, value }: ItemToValidate): ItemIssue[] {
  if (name.length > MAX_NAME_LENGTH || !NAME_PATTERN.test(name)) {
    return [
      error('invalid-name', `not an item name`, `letters, digits and - . _ : up to ${MAX_NAME_LENGTH} characters`),
    ];
  }
  const suggestion = suggestName(name);
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  const unknown = warning('unknown-item', `${name} is not in the item catalogue${hint}`);
  return [
    suggestion === undefined ? unknown : { ...unknown, suggestion },
    ...validateUnknownIndex(name, index),
    ...validateAnyText(name, value),
  ];
}

function validateAccess(definition: ItemDefinition): ItemIssue[] {
  if (definition.access === 'read-only') {
    return [error('read-only', `${definition.name} is read-only: phones report it, nobody can write it`)];
  }
  const argumentOf = ARGUMENT_OF.get(definition.name);
  if (argumentOf !== undefined) {
    return [error('action-argument', `${definition.name} is no setting but an argument of ${argumentOf}`)];
  }
  if (definition.group === 'file-transfer') {
    const message = `${definition.name} belongs to the action FileDeployment or SoftwareDeployment; written as a setting it deploys nothing`;
    return [warning('action-argument', message)];
  }
  return [];
}
