import type { IndexRule, ItemDefinition } from './item-definition.js';
import type { ItemIssue } from './item-issue.js';
import { error } from './item-issue.js';

/** Bound for items of which no index range is known; the highest known index is 4003. */
const MAX_INDEX = 65_535;

/** Checks the index against the rule of a known item (PROTOCOL 6.1: the index base differs from item to item). */
export function validateIndex({ name, index: rule }: ItemDefinition, index: number | undefined): ItemIssue[] {
  if (!rule) {
    if (index === undefined) return [];
    return [error('index-superfluous', `${name} takes no index, got ${index}`, 'no index')];
  }
  const allowed = describeRule(rule);
  if (index === undefined) {
    return rule.optional ? [] : [error('index-missing', `${name} needs an index`, allowed)];
  }
  if (!Number.isSafeInteger(index))
    return [error('index-invalid', `${name}: the index is not a whole number`, allowed)];
  if (index < rule.min || index > (rule.max ?? MAX_INDEX)) {
    return [error('index-out-of-range', `${name}: index ${index} is out of range`, allowed)];
  }
  return [];
}

/** Checks the index of an item outside the catalogue: any natural number or none. */
export function validateUnknownIndex(name: string, index: number | undefined): ItemIssue[] {
  if (index === undefined) return [];
  if (Number.isSafeInteger(index) && index >= 0 && index <= MAX_INDEX) return [];
  return [error('index-invalid', `${name}: the index is not a whole number from 0 to ${MAX_INDEX}`)];
}

function describeRule({ min, max, optional }: IndexRule): string {
  const range = max === undefined ? `an index from ${min}` : `an index from ${min} to ${max}`;
  return optional ? `${range}, or no index` : range;
}
