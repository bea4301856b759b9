import { findItem } from '@opendls/item-catalog';

/**
 * The form in which two values of an item are compared. Text is compared exactly, apart from blanks around it (the protocol
 * trims them). Only where two spellings certainly mean the same are they made alike: `True`/`1` and `true` for switches,
 * `060`/`+60` and `60` for numbers, letters and separators of MAC addresses.
 */
export function comparableValue(name: string, value: string): string {
  const text = value.trim();
  switch (findItem(name)?.type) {
    case 'boolean':
      return comparableBoolean(text);
    case 'integer':
    case 'port':
      return /^[+-]?\d{1,15}$/.test(text) ? String(Number(text)) : text;
    case 'mac-address':
      return text.replace(/[:-]/g, '').toLowerCase();
    default:
      return text;
  }
}

function comparableBoolean(text: string): string {
  const word = text.toLowerCase();
  if (word === 'true' || word === '1') return 'true';
  if (word === 'false' || word === '0') return 'false';
  return text;
}
