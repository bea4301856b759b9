import type { ItemDefinition } from './item-definition.js';
import type { ItemIssue } from './item-issue.js';
import { error, warning } from './item-issue.js';
import { validateItemRules } from './item-rules.js';
import { validateFormat } from './value-formats.js';
import { validateEnum, validateInteger, validatePort } from './value-numbers.js';
import { describeValues, shownValue } from './value-words.js';

/** Characters that XML 1.0 cannot carry in any form, lone surrogates among them. */
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u;

/** Checks the value of a known item. */
export function validateValue(definition: ItemDefinition, value: string): ItemIssue[] {
  const textIssues = validateAnyText(definition.name, value, definition);
  if (textIssues.some((issue) => issue.severity === 'error')) return textIssues;
  const typeIssues = value === '' ? validateEmpty(definition) : validateType(definition, value);
  return [...textIssues, ...typeIssues, ...validateLength(definition, value), ...validateItemRules(definition, value)];
}

/** Checks what holds for every value: it can travel in XML and comes back from the phone as it was sent. */
export function validateAnyText(name: string, value: string, definition?: ItemDefinition): ItemIssue[] {
  if (NOT_IN_XML.test(value)) {
    return [error('invalid-characters', `${name}: the value has characters that XML cannot carry`)];
  }
  const issues: ItemIssue[] = [];
  const isBlock = definition?.type === 'certificate' || definition?.type === 'base64';
  if (!isBlock && value !== value.trim()) {
    // PROTOCOL 2.1: text is trimmed on the way, so the phone would never report this value back.
    const message = `${name}: blanks or line feeds before or after the value are lost on the way to the phone`;
    issues.push(error('surrounding-blanks', message));
  }
  if (/[<>&]/.test(value)) {
    // PROTOCOL 6.5: firmware up to about 2010 does not decode &lt; &gt; &amp;.
    issues.push(warning('doubtful-characters', `${name}: old firmware does not understand the characters < > &`));
  }
  return issues;
}

/** Empty content clears a value (PROTOCOL 6.4); a switch or a choice cannot be cleared. */
function validateEmpty({ name, type, values }: ItemDefinition): ItemIssue[] {
  if (type === 'boolean')
    return [error('not-a-boolean', `${name} must be true or false, got nothing`, 'true or false')];
  if (type === 'enum') return [error('not-allowed-value', `${name} needs a value`, describeValues(values))];
  if (type === 'integer' || type === 'port')
    return [warning('empty-value', `${name}: an empty number clears the setting`)];
  return [];
}

function validateType(definition: ItemDefinition, value: string): ItemIssue[] {
  switch (definition.type) {
    case 'boolean':
      if (value === 'true' || value === 'false') return [];
      return [
        error(
          'not-a-boolean',
          `${definition.name} must be true or false, got ${shownValue(definition, value)}`,
          'true or false',
        ),
      ];
    case 'enum':
      return validateEnum(definition, value);
    case 'integer':
      return validateInteger(definition, value);
    case 'port':
      return validatePort(definition, value);
    default:
      return validateFormat(definition, value);
  }
}

function validateLength({ name, maxLength }: ItemDefinition, value: string): ItemIssue[] {
  if (maxLength === undefined) return [];
  const length = [...value].length;
  if (length <= maxLength) return [];
  return [error('too-long', `${name} has ${length} characters`, `at most ${maxLength} characters`)];
}
