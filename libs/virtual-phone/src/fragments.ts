import type { Item, WorkpointMessage } from '@opendls/dls-codec';
import { encodeWorkpointMessage } from '@opendls/dls-codec';

/**
 * Cuts the items of a reply into parts that each fit into one message (PROTOCOL 5.1); order is kept, no item is cut. An
 * item too large for any message gets one of its own.
 */
export function splitIntoFragments(message: WorkpointMessage, maxBytes: number): (readonly Item[])[] {
  const parts: (readonly Item[])[] = [];
  let rest = message.items;
  if (mustFit(rest, maxBytes)) return [rest];
  do {
    const count = fittingPrefix(message, rest, maxBytes);
    parts.push(rest.slice(0, count));
    rest = rest.slice(count);
  } while (rest.length > 0);
  return parts;
}

/** More bytes than the tags and attributes of one item take, and than the rest of a message takes. */
const MARKUP_BYTES = 64;
const ENVELOPE_BYTES = 1024;
/** Most bytes one UTF-16 unit can become: `&quot;` has six. */
const MAX_BYTES_PER_UNIT = 6;

/** True when the items fit however they are escaped; saves encoding the usual reply twice. */
function mustFit(items: readonly Item[], maxBytes: number): boolean {
  const bytes = items.reduce((sum, { name, value, status }) => {
    const units = name.length + value.length + (status?.length ?? 0);
    return sum + MARKUP_BYTES + units * (/[^\w .:+/-]/.test(name + value) ? MAX_BYTES_PER_UNIT : 1);
  }, ENVELOPE_BYTES);
  return bytes <= maxBytes;
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
