import type { ItemDefinition } from './item-definition.js';
import type { ItemIssue } from './item-issue.js';
import { error, warning } from './item-issue.js';
import { describeValues, shownValue } from './value-words.js';

const INTEGER_PATTERN = /^-?[0-9]{1,10}$/;
const CODE_PATTERN = /^[0-9]{1,3}$/;

/** Enumerations are numeric codes or words as text (PROTOCOL 6.4); some lists are known to be incomplete. */
export function validateEnum(definition: ItemDefinition, value: string): ItemIssue[] {
  if (definition.values?.some((known) => known.value === value)) return [];
  const allowed = describeValues(definition.values);
  if (definition.moreValues && CODE_PATTERN.test(value)) {
    const message = `${definition.name}: the meaning of ${shownValue(definition, value)} is not known; firmware may know it`;
    return [warning('unlisted-value', message, allowed)];
  }
  return [error('not-allowed-value', `${definition.name} cannot be ${shownValue(definition, value)}`, allowed)];
}

/** A whole number, within the range where one is known. */
export function validateInteger(definition: ItemDefinition, value: string): ItemIssue[] {
  const { name, min, max } = definition;
  const allowed = describeRange(min, max);
  if (!INTEGER_PATTERN.test(value)) {
    return [error('not-an-integer', `${name} must be a whole number, got ${shownValue(definition, value)}`, allowed)];
  }
  const number = Number(value);
  if (number < (min ?? number) || number > (max ?? number)) {
    return [error('out-of-range', `${name}: ${value} is out of range`, allowed)];
  }
  return [];
}

/** A TCP or UDP port; 0 is kept for "not set". */
export function validatePort(definition: ItemDefinition, value: string): ItemIssue[] {
  return validateInteger({ ...definition, min: definition.min ?? 0, max: definition.max ?? 65_535 }, value);
}

function describeRange(min: number | undefined, max: number | undefined): string {
  if (min === undefined && max === undefined) return 'a whole number';
  if (max === undefined) return `a whole number from ${min}`;
  if (min === undefined) return `a whole number up to ${max}`;
  return `a whole number from ${min} to ${max}`;
}
