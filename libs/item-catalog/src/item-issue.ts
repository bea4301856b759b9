export type ItemIssueCode =
  | 'invalid-name'
  | 'unknown-item'
  | 'read-only'
  | 'action-argument'
  | 'index-missing'
  | 'index-superfluous'
  | 'index-invalid'
  | 'index-out-of-range'
  | 'invalid-characters'
  | 'surrounding-blanks'
  | 'doubtful-characters'
  | 'empty-value'
  | 'not-a-boolean'
  | 'not-an-integer'
  | 'out-of-range'
  | 'not-allowed-value'
  | 'unlisted-value'
  | 'too-long'
  | 'bad-format'
  | 'doubtful-format'
  | 'rule-violated';

/** One finding about an item. The message never repeats the value of a secret item. */
export interface ItemIssue {
  /** An error makes the item useless on every phone; a warning may be right on some. */
  readonly severity: 'error' | 'warning';
  readonly code: ItemIssueCode;
  readonly message: string;
  /** What would be accepted, in words. */
  readonly allowed?: string;
  /** For an unknown item: the known name that was most likely meant. */
  readonly suggestion?: string;
}

export function error(code: ItemIssueCode, message: string, allowed?: string): ItemIssue {
  return allowed === undefined ? { severity: 'error', code, message } : { severity: 'error', code, message, allowed };
}

export function warning(code: ItemIssueCode, message: string, allowed?: string): ItemIssue {
  return allowed === undefined
    ? { severity: 'warning', code, message }
    : { severity: 'warning', code, message, allowed };
}
