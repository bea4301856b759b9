import type { ItemDefinition, ItemType } from './item-definition.js';
import type { ItemIssue } from './item-issue.js';
import { error, warning } from './item-issue.js';
import { shownValue } from './value-words.js';

interface Format {
  readonly pattern: RegExp;
  readonly what: string;
  /** Phones are known to take other forms as well, so a mismatch is only a warning. */
  readonly isGuess?: true;
}

/** Word that at least one server writes to clear addresses and numbers (PROTOCOL 6.4); accepted as a value. */
const CLEARING_WORD = 'NULL';

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

const FORMATS: ReadonlyMap<ItemType, Format> = new Map([
  ['base64', { pattern: /^[A-Za-z0-9+/\s]*(?:=\s*){0,2}$/, what: 'base64 text' }],
  [
    'certificate',
    { pattern: /^(?:[A-Za-z0-9+/\s]*(?:=\s*){0,2}|\s*-----BEGIN [\s\S]*-----\s*)$/, what: 'base64 or PEM text' },
  ],
  ['date-time', { pattern: /[0-9]/, what: 'a time, as a rule in seconds since 1970' }],
  [
    'host',
    {
      pattern: /^(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*)|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?)$/u,
      what: 'a host name or an IP address',
    },
  ],
  ['mac-address', { pattern: /^(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}$/, what: 'a MAC address' }],
  [
    'phone-number',
    { pattern: /^\+?[0-9*#]+$/, what: 'a telephone number: digits, * and #, a leading +', isGuess: true },
  ],
  ['uri', { pattern: /^[^\s<>"]+$/, what: 'a URI or address without blanks' }],
]);

/** Checks values whose type has a textual form; free text and passwords have none. */
export function validateFormat(definition: ItemDefinition, value: string): ItemIssue[] {
  const { name, type } = definition;
  if (value === CLEARING_WORD) return [];
  if (type === 'ip-address') {
    return IPV4.test(value) ? [] : [mismatch(definition, value, 'an IPv4 address such as 192.0.2.1')];
  }
  const format = FORMATS.get(type);
  if (!format || format.pattern.test(value))
    return looksLikeBadIpv4(type, value) ? [mismatch(definition, value, 'a host name or an IP address')] : [];
  if (format.isGuess) {
    return [warning('doubtful-format', `${name}: ${shownValue(definition, value)} is unusual`, format.what)];
  }
  return [mismatch(definition, value, format.what)];
}

function mismatch(definition: ItemDefinition, value: string, what: string): ItemIssue {
  return error('bad-format', `${definition.name}: ${shownValue(definition, value)} is not ${what}`, what);
}

/** Four numbers joined by dots are meant as an address, not as a host name. */
function looksLikeBadIpv4(type: ItemType, value: string): boolean {
  return type === 'host' && /^[0-9]+(?:\.[0-9]+){3}$/.test(value) && !IPV4.test(value);
}
