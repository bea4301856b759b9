import { findItem } from '@opendls/item-catalog';

/** False for items a phone takes but never tells: certificates, `admin-pwd` and other write-only items (PROTOCOL 6.4). */
export function isReadable(name: string): boolean {
  const definition = findItem(name);
  return definition === undefined || (definition.access !== 'write-only' && definition.type !== 'certificate');
}
