import { isSecretItem, itemKey, validateItem, type ItemIssue, type ItemIssueCode } from '@opendls/item-catalog';
import { parseFirmwareRange } from '@opendls/firmware';
import type { z } from 'zod';
import { isReservedItem, reservedItemMessage } from '../../security/domain/reserved-items.js';
import { parseSecretRef } from '../../secrets/domain/secret-ref.js';
import {
  LAYERS,
  policyDocumentSchema,
  policyItemSchema,
  type PolicyDocument,
  type PolicyItem,
} from './policy-document.js';
import { isVersionRange } from './selector.js';
import { jsonPath, type DocumentPath, type PolicyFinding, type PolicyFindingCode } from './policy-problem.js';

/** A finding before its position in the text is known. */
export interface LocatedFinding extends Omit<PolicyFinding, 'path' | 'line' | 'column'> {
  readonly path: DocumentPath;
}

export type PolicyCheck =
  | { readonly ok: true; readonly document: PolicyDocument; readonly warnings: readonly LocatedFinding[] }
  | { readonly ok: false; readonly problems: readonly LocatedFinding[]; readonly warnings: readonly LocatedFinding[] };

/** Codes of the catalogue that are about the item itself; the others are about a value, which a secretRef does not show. */
const CODES_WITHOUT_VALUE: ReadonlySet<ItemIssueCode> = new Set([
  'invalid-name',
  'unknown-item',
  'read-only',
  'action-argument',
  'index-missing',
  'index-superfluous',
  'index-invalid',
  'index-out-of-range',
]);

/** Checks a document completely: every problem of its form and of each of its items, not only the first. */
export function checkPolicy(document: unknown): PolicyCheck {
  const input = withoutStatus(document);
  const parsed = policyDocumentSchema.safeParse(input);
  const problems = (parsed.error?.issues ?? []).flatMap((issue) => describeIssue(issue, input));
  const warnings: LocatedFinding[] = [];
  if (parsed.success) problems.push(...checkVersionRanges(parsed.data.spec.select.softwareVersion));
  for (const finding of checkItems(itemsOf(input))) {
    (finding.severity === 'error' ? problems : warnings).push(finding.finding);
  }
  if (!parsed.success || problems.length > 0) return { ok: false, problems, warnings };
  return { ok: true, document: parsed.data, warnings };
}

/** Patterns of versions that are meant as ranges. */
function checkVersionRanges(patterns: string | readonly string[] | undefined): LocatedFinding[] {
  const list = typeof patterns === 'string' ? [patterns] : (patterns ?? []);
  return list.flatMap((pattern, position) => {
    const result = isVersionRange(pattern) ? parseFirmwareRange(pattern) : undefined;
    if (result === undefined || result.ok) return [];
    const path = ['spec', 'select', 'softwareVersion', ...(typeof patterns === 'string' ? [] : [position])];
    const message = `is not a range of versions: ${result.error.message} at character ${result.error.position + 1}`;
    return [{ path, code: 'invalid-version-range' as const, message, allowed: 'such as >= V3 R3, < V3 R5.12.0' }];
  });
}

interface Graded {
  readonly severity: 'error' | 'warning';
  readonly finding: LocatedFinding;
}

function checkItems(items: readonly unknown[]): Graded[] {
  const firstOf = new Map<string, number>();
  return items.flatMap((raw, position) => {
    const parsed = policyItemSchema.safeParse(raw);
    if (!parsed.success) return [];
    const path = ['spec', 'items', position];
    const found = checkItem(parsed.data, path);
    const key = itemKey(parsed.data.name, parsed.data.index);
    const first = firstOf.get(key);
    if (first === undefined) firstOf.set(key, position);
    else
      found.push(
        problem(path, parsed.data, 'duplicate-item', `${key} is already set by ${jsonPath(['spec', 'items', first])}`),
      );
    return found;
  });
}

function checkItem(item: PolicyItem, path: DocumentPath): Graded[] {
  if (isReservedItem(item.name)) {
    return [problem([...path, 'name'], item, 'reserved-item', reservedItemMessage(item.name))];
  }
  const issues = validateItem({ name: item.name, index: item.index, value: item.value ?? '' });
  if (item.value !== undefined) {
    const found = issues.map((issue) => fromCatalogue(issue, item, [...path, partOf(issue)]));
    if (!isSecretItem(item.name)) return found;
    const message = `${item.name} is secret: store the value as a secret and name it with secretRef`;
    return [...found, problem([...path, 'value'], item, 'secret-in-clear', message, 'secretRef')];
  }
  const found = issues
    .filter((issue) => CODES_WITHOUT_VALUE.has(issue.code))
    .map((issue) => fromCatalogue(issue, item, [...path, partOf(issue)]));
  const ref = parseSecretRef(item.secretRef ?? '');
  if (!ref.ok) found.push(problem([...path, 'secretRef'], item, 'invalid-secret-ref', ref.message, ref.allowed));
  if (!isSecretItem(item.name)) {
    const message = `${item.name} is not known to be secret: the phone may report it readable`;
    found.push({
      severity: 'warning',
      finding: { path: [...path, 'name'], item: identity(item), code: 'not-secret', message },
    });
  }
  return found;
}

function fromCatalogue(issue: ItemIssue, item: PolicyItem, path: DocumentPath): Graded {
  const { severity, code, message, allowed } = issue;
  return {
    severity,
    finding: { path, item: identity(item), code, message, ...(allowed === undefined ? {} : { allowed }) },
  };
}

/** The field of an item that an issue is about. */
function partOf({ code }: ItemIssue): string {
  if (code.startsWith('index-')) return 'index';
  return CODES_WITHOUT_VALUE.has(code) ? 'name' : 'value';
}

function problem(
  path: DocumentPath,
  item: PolicyItem,
  code: PolicyFindingCode,
  message: string,
  allowed?: string,
): Graded {
  const finding = { path, item: identity(item), code, message, ...(allowed === undefined ? {} : { allowed }) };
  return { severity: 'error', finding };
}

function identity(item: PolicyItem): { name: string; index?: number } {
  return item.index === undefined ? { name: item.name } : { name: item.name, index: item.index };
}

/** Zod's issues name no values; unknown fields become one finding each, at their own place. */
function describeIssue(issue: z.core.$ZodIssue, input: unknown): LocatedFinding[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const item = itemAt(path, input);
  const base = item === undefined ? {} : { item };
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      ...base,
      code: 'unknown-field',
      message: 'is not a field of a policy',
    }));
  }
  const isMissing = valueAt(input, path) === undefined;
  const code = isMissing ? 'missing-field' : issue.code === 'custom' ? 'invalid-item' : 'invalid-field';
  const message = isMissing ? 'is required' : issue.message.replace(/^Invalid (input|option): /, '');
  const allowed = allowedOf(issue, path);
  return [{ path, ...base, code, message, ...(allowed === undefined ? {} : { allowed }) }];
}

function allowedOf(issue: z.core.$ZodIssue, path: DocumentPath): string | undefined {
  if (path.at(-1) === 'layer') return LAYERS.join(', ');
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', ');
  if (issue.code === 'too_big') return `at most ${issue.maximum}`;
  if (issue.code === 'too_small') return `at least ${issue.minimum}`;
  return undefined;
}

function itemAt(path: DocumentPath, input: unknown): { name: string; index?: number } | undefined {
  if (path[0] !== 'spec' || path[1] !== 'items' || typeof path[2] !== 'number') return undefined;
  const item = valueAt(input, path.slice(0, 3));
  if (!isRecord(item) || typeof item['name'] !== 'string') return undefined;
  const index = item['index'];
  return { name: item['name'].slice(0, 128), ...(typeof index === 'number' ? { index } : {}) };
}

function itemsOf(input: unknown): readonly unknown[] {
  const items = valueAt(input, ['spec', 'items']);
  return Array.isArray(items) ? items : [];
}

function valueAt(input: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return typeof part === 'number' ? (value as unknown[])[part] : undefined;
    return isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }, input);
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What the API adds when it shows a document. */
function withoutStatus(document: unknown): unknown {
  if (!isRecord(document) || Array.isArray(document)) return document;
  return Object.fromEntries(Object.entries(document).filter(([field]) => field !== 'status'));
}
