import type { Item, WorkpointMessage } from '@opendls/dls-codec';
import { encodeWorkpointMessage } from '@opendls/dls-codec';

/**
 * Cuts the items of a reply into parts that each fit into one message (PROTOCOL 5.1); order is kept, no item is cut. An
 * item too large for any message gets one of its own.
 */
export function splitIntoFragments(message: WorkpointMessage, maxBytes: number): (readonly Item[])[] {
  const parts: (readonly Item[])[] = [];
  let rest = message.items;
  do {
    const count = fittingPrefix(message, rest, maxBytes);
    parts.push(rest.slice(0, count));
    rest = rest.slice(count);
  } while (rest.length > 0);
  return parts;
}

/** How many of the items fit; guessed from the size of all, then corrected, because encoding every prefix is slow. */
function fittingPrefix(message: WorkpointMessage, items: readonly Item[], maxBytes: number): number {
  let count = items.length;
  let bytes = sizeOf(message, items);
  while (bytes > maxBytes && count > 1) {
    count = Math.max(1, Math.min(count - 1, Math.floor((count * maxBytes) / bytes)));
    bytes = sizeOf(message, items.slice(0, count));
  }
  return count;
}

function sizeOf(message: WorkpointMessage, items: readonly Item[]): number {
  return Buffer.byteLength(encodeWorkpointMessage({ ...message, items }));
}
