import type { ItemToWrite } from '@opendls/event-contracts';
import { isSecretItem, itemKey, validateItem, type ItemIssueCode } from '@opendls/item-catalog';
import { z } from 'zod';
import { selectableFacts } from '../../devices/domain/device-state.js';
import { comparableValue } from '../../policies/domain/item-value.js';
import { MAX_SECRET_NAME_LENGTH, parseSecretRef, resolveSecretRef } from '../../secrets/domain/secret-ref.js';
import { isReservedItem, reservedItemMessage } from '../../security/domain/reserved-items.js';
import type { OrderTarget } from '../domain/work-order.js';
import type { OrderContext, OrderProblem } from './order-kind.js';

/** Most items of one order. */
export const MAX_ORDER_ITEMS = 1_000;
const MAX_VALUE_LENGTH = 100_000;
/** Where values of one-off orders come from, in the place of a policy. */
export const REQUEST_PROVENANCE = { policy: 'request', revision: 0 } as const;

export const itemNameSchema = z.string().min(1).max(128).describe('Item name, case-sensitive');
export const itemIndexSchema = z.int().min(0).max(65_535).optional().describe('Instance of an indexed item');
export const itemRefSchema = z.strictObject({ name: itemNameSchema, index: itemIndexSchema });
export const secretRefSchema = z
  .string()
  .max(MAX_SECRET_NAME_LENGTH)
  .describe('Name of a stored secret; may contain {{e164}}, {{macAddress}}, {{deviceId}}');
export const secretValueSchema = z.string().max(4_096).describe('Sealed at once; never given out again');

export const itemInputSchema = z
  .strictObject({
    name: itemNameSchema,
    index: itemIndexSchema,
    value: z
      .union([z.string(), z.boolean(), z.number()])
      .transform(String)
      .pipe(z.string().max(MAX_VALUE_LENGTH))
      .optional()
      .describe('Empty text clears the item; the value of a secret item is sealed at once'),
    secretRef: secretRefSchema.optional(),
  })
  .refine((item) => (item.value === undefined) !== (item.secretRef === undefined), {
    error: 'needs either value or secretRef',
  });
export type ItemInput = z.output<typeof itemInputSchema>;

/** Codes of the catalogue that are about the name or the index. */
const IDENTITY_CODES: ReadonlySet<ItemIssueCode> = new Set([
  'invalid-name',
  'unknown-item',
  'read-only',
  'action-argument',
]);

export type Found<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: OrderProblem };

/** The value of a secret that a request names. */
export async function openSecretRef(ref: string, path: string, context: OrderContext): Promise<Found<string>> {
  const parsed = parseSecretRef(ref);
  if (!parsed.ok) {
    const { message, allowed } = parsed;
    return { ok: false, problem: { path, code: 'invalid-secret-ref', message, allowed } };
  }
  const name = resolveSecretRef(parsed.template, selectableFacts(context.device));
  if (name === undefined) {
    return {
      ok: false,
      problem: { path, code: 'fact-missing', message: 'the phone has not stated a fact that is needed' },
    };
  }
  const value = await context.openSecret(name);
  if (value !== undefined) return { ok: true, value };
  return { ok: false, problem: { path, code: 'secret-missing', message: 'there is no secret with this name' } };
}

export interface CheckedItem {
  readonly item: ItemToWrite;
  readonly key: string;
  readonly target: OrderTarget;
}

/** Checks an item by the catalogue and makes it ready to be written: secret values sealed. */
export async function checkItem(
  input: ItemInput,
  path: string,
  context: OrderContext,
): Promise<{ readonly checked?: CheckedItem; readonly problems: OrderProblem[]; readonly warnings: OrderProblem[] }> {
  const { name, index } = input;
  if (isReservedItem(name)) {
    const problem = { path: `${path}.name`, code: 'reserved-item', message: reservedItemMessage(name) };
    return { problems: [problem], warnings: [] };
  }
  const opened: Found<string> =
    input.secretRef === undefined
      ? { ok: true, value: input.value ?? '' }
      : await openSecretRef(input.secretRef, `${path}.secretRef`, context);
  if (!opened.ok) return { problems: [opened.problem], warnings: [] };
  const { value } = opened;
  const found = validateItem({ name, index, value }).map(({ severity, code, message, allowed }) => ({
    severity,
    problem: {
      path: `${path}.${partOf(code, input)}`,
      code,
      // The catalogue repeats a value that is wrong: here that would tell a stored secret to whoever names it.
      message: isPrivate(input) && isAboutValue(code) ? `${name}: the value is not one it can have` : message,
      ...(allowed === undefined ? {} : { allowed }),
    },
  }));
  const problems = found.filter(({ severity }) => severity === 'error').map(({ problem }) => problem);
  const warnings = found.filter(({ severity }) => severity === 'warning').map(({ problem }) => problem);
  if (problems.length > 0) return { problems, warnings };
  return { checked: prepare(input, value, context), problems, warnings };
}

/** User data is nobody's business, as when a phone reports it. */
function isPrivate({ name, secretRef }: ItemInput): boolean {
  return secretRef !== undefined || isSecretItem(name) || /^userdata-/i.test(name);
}

function prepare(input: ItemInput, value: string, context: OrderContext): CheckedItem {
  const { name, index } = input;
  const key = itemKey(name, index);
  const ref = index === undefined ? { name } : { name, index };
  const isSecret = isPrivate(input);
  const comparable = comparableValue(name, value);
  const item = isSecret ? { ...ref, sealed: context.seal(value, key) } : { ...ref, value };
  const target = isSecret
    ? { ...ref, ...REQUEST_PROVENANCE, mark: context.mark(comparable, key) }
    : { ...ref, ...REQUEST_PROVENANCE, mark: comparable, comparable };
  return { item, key, target };
}

function isAboutValue(code: ItemIssueCode): boolean {
  return !code.startsWith('index-') && !IDENTITY_CODES.has(code);
}

/** The field of an item that an issue is about. */
function partOf(code: ItemIssueCode, { secretRef }: ItemInput): string {
  if (code.startsWith('index-')) return 'index';
  if (IDENTITY_CODES.has(code)) return 'name';
  return secretRef === undefined ? 'value' : 'secretRef';
}
