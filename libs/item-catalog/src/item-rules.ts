import type { ItemDefinition } from './item-definition.js';
import type { ItemIssue } from './item-issue.js';
import { error, warning } from './item-issue.js';

type Rule = (value: string) => ItemIssue | undefined;

/** Rules of single items that their type cannot express. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [
    'rtp-base-port',
    (value) =>
      Number(value) % 2 === 0
        ? undefined
        : error('rule-violated', 'rtp-base-port must be even: the odd neighbour carries RTCP', 'an even port'),
  ],
  [
    'pwd-sequence-length',
    (value) =>
      value === '1'
        ? error('rule-violated', 'pwd-sequence-length must not be 1', '0 (no limit), or 2 to 24')
        : undefined,
  ],
  [
    'XML-app-name',
    (value) =>
      value === '' || /^[A-Za-z][A-Za-z0-9]*$/.test(value)
        ? undefined
        : error('rule-violated', 'XML-app-name is no valid name', 'letters and digits, a letter first, at most 20'),
  ],
  [
    'key-label-unicode',
    (value) =>
      [...value].length > 12
        ? warning('rule-violated', 'key-label-unicode: some models show only 12 characters', 'at most 12 to be safe')
        : undefined,
  ],
]);

/** Checks the rules of single items. */
export function validateItemRules(definition: ItemDefinition, value: string): ItemIssue[] {
  const issue = RULES.get(definition.name)?.(value);
  return issue ? [issue] : [];
}
