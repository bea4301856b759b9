import type { ItemIssueCode } from '@opendls/item-catalog';

/** What can be said of a policy document; about its items also what the catalogue says. */
export type PolicyFindingCode =
  | ItemIssueCode
  | 'malformed-json'
  | 'malformed-yaml'
  | 'unknown-field'
  | 'missing-field'
  | 'invalid-field'
  | 'invalid-item'
  | 'duplicate-item'
  | 'secret-in-clear'
  | 'invalid-secret-ref'
  | 'invalid-version-range'
  | 'reserved-item'
  | 'not-secret'
  | 'name-mismatch'
  | 'duplicate-policy'
  | 'policy-from-api'
  | 'file-too-large'
  | 'file-unreadable';

/** Something wrong (problem) or doubtful (warning) in a policy document. Never holds a secret value. */
export interface PolicyFinding {
  /** JSON path, such as `$.spec.items[2].value`. */
  readonly path: string;
  /** Position in a YAML text, from 1. */
  readonly line?: number;
  readonly column?: number;
  /** The item it is about, where it is about one. */
  readonly item?: { readonly name: string; readonly index?: number };
  readonly code: PolicyFindingCode;
  readonly message: string;
  /** What would be accepted, in words. */
  readonly allowed?: string;
}

/** Where in a document: keys and list positions from the root. */
export type DocumentPath = readonly (string | number)[];

/** `['spec', 'items', 2]` as `$.spec.items[2]`. */
export function jsonPath(path: DocumentPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(part) ? `${text}.${part}` : `${text}[${JSON.stringify(part)}]`;
  }, '$');
}
