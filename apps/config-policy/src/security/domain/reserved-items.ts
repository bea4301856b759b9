/**
 * Items that only a step towards Secure Mode writes (PROTOCOL 7.1: no other message contains `goto-secure-mode`). A policy or a
 * one-off write with one of them could lock a phone out.
 */
const RESERVED_ITEMS: ReadonlySet<string> = new Set(['goto-secure-mode', 'secure-mode-data', 'dls-client-certificate']);

export function isReservedItem(name: string): boolean {
  return RESERVED_ITEMS.has(name);
}

/** What to do instead, for people. */
export function reservedItemMessage(name: string): string {
  return `${name} is written by Secure Mode only: use POST /config-policy/v1/devices/{deviceId}/secure-mode`;
}
