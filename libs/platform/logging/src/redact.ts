import { isSecretName } from './secret-names.js';
import { isErrorLike, serializeError } from './serialize-error.js';

/** What stands in the log in place of a secret. */
export const REDACTED = '[redacted]';

const MAX_DEPTH = 8;
const MAX_ENTRIES = 200;
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi;

/**
 * A copy of `value` that is safe to log: fields with secret names, values of items with secret names (`{ name, value }`)
 * and credentials in URLs are masked, errors are reduced to what `serializeError` keeps, depth and width are bounded.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isErrorLike(value)) return serializeError(value);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((entry) => redact(entry, depth + 1));
  return redactObject(value, depth);
}

/** Masks the credentials of every URL in a text. */
export function redactText(text: string): string {
  return text.includes('://') && text.includes('@') ? text.replace(URL_CREDENTIALS, `$1${REDACTED}@`) : text;
}

function redactObject(object: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  const hidesValue = 'name' in object && typeof object.name === 'string' && isSecretName(object.name);
  for (const [key, value] of Object.entries(object).slice(0, MAX_ENTRIES)) {
    const hidden = value !== undefined && value !== null && (isSecretName(key) || (hidesValue && key === 'value'));
    Object.defineProperty(copy, key, {
      value: hidden ? REDACTED : redact(value, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return copy;
}
