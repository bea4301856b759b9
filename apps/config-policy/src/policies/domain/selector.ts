import { isInFirmwareRange, parseFirmwareRange, parseFirmwareVersion } from '@opendls/firmware';
import { compileGlob, type TextMatcher } from './glob.js';
import { SELECTOR_KEYS, type PolicyDocument, type SelectorKey } from './policy-document.js';

/** What policies know of a phone; null where it has not been stated. */
export interface SelectableFacts {
  readonly deviceId: string;
  readonly macAddress: string | null;
  readonly deviceType: string | null;
  readonly softwareType: string | null;
  readonly softwareVersion: string | null;
  readonly e164: string | null;
}

export type Selector = (facts: SelectableFacts) => boolean;
type Select = PolicyDocument['spec']['select'];

/**
 * Compiles `select`: every key that is given must match (AND), one pattern of a list is enough (OR). Nothing given selects
 * every phone. A fact that a phone has not stated matches no pattern, not even `*`.
 */
export function compileSelector(select: Select): Selector {
  const tests = SELECTOR_KEYS.flatMap((key) => {
    const patterns = select[key];
    return patterns === undefined ? [] : [compileKey(key, typeof patterns === 'string' ? [patterns] : patterns)];
  });
  if (tests.length === 0) return () => true;
  return (facts) => tests.every((test) => test(facts));
}

function compileKey(key: SelectorKey, patterns: readonly string[]): Selector {
  const matchers = patterns.map((pattern) => compilePattern(key, pattern));
  const exact = matchers.length > 8 ? exactTexts(key, patterns) : undefined;
  if (exact !== undefined) {
    return (facts) => exact.has((factOf(key, facts) ?? '').toLowerCase());
  }
  return (facts) => {
    const fact = factOf(key, facts);
    return fact !== null && matchers.some((matches) => matches(fact));
  };
}

/** Long lists are mostly plain texts, such as all numbers of a site: one look-up instead of many comparisons. */
function exactTexts(key: SelectorKey, patterns: readonly string[]): ReadonlySet<string> | undefined {
  if (key === 'macPrefix' || patterns.some((pattern) => /[*?]/.test(pattern))) return undefined;
  if (key === 'softwareVersion' && patterns.some(isVersionRange)) return undefined;
  return new Set(patterns.map((pattern) => (key === 'deviceId' ? plainIdentity(pattern) : pattern.toLowerCase())));
}

function compilePattern(key: SelectorKey, pattern: string): TextMatcher {
  switch (key) {
    case 'macPrefix': {
      const digits = withoutSeparators(pattern);
      return compileGlob(/[*?]/.test(digits) ? digits : `${digits}*`);
    }
    case 'deviceId':
      return compileGlob(plainIdentity(pattern));
    case 'softwareVersion':
      return isVersionRange(pattern) ? compileVersionRange(pattern) : compileGlob(pattern);
    case 'deviceType':
    case 'softwareType':
    case 'e164':
      return compileGlob(pattern);
  }
}

/** `>= V3 R3, < V3 R5.12.0`, `V2..V3 R1`: what no version and no glob of one has. */
export function isVersionRange(pattern: string): boolean {
  return /[<>=,]|\.\./.test(pattern);
}

function compileVersionRange(pattern: string): TextMatcher {
  const parsed = parseFirmwareRange(pattern);
  // Documents are checked before they are stored; a range that does not parse any more selects nothing.
  if (!parsed.ok) return () => false;
  return (text) => {
    const version = parseFirmwareVersion(text);
    return version !== undefined && isInFirmwareRange(version, parsed.range);
  };
}

function factOf(key: SelectorKey, facts: SelectableFacts): string | null {
  if (key !== 'macPrefix') return facts[key];
  return facts.macAddress === null ? null : withoutSeparators(facts.macAddress);
}

function withoutSeparators(mac: string): string {
  return mac.replace(/[:-]/g, '').toLowerCase();
}

/** A MAC address with separators means the same phone as its device id. */
function plainIdentity(pattern: string): string {
  return /^[0-9a-f*?]{1,2}(?:[:-][0-9a-f*?]{1,2}){1,5}$/i.test(pattern)
    ? withoutSeparators(pattern)
    : pattern.toLowerCase();
}
