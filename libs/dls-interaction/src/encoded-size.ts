import type { OrderItem } from './order.js';

/** Longest nonce a message is sized for; phones use 32 characters, the manual gives no bound (PROTOCOL 2.3). */
export const MAX_NONCE_LENGTH = 256;

const WORST_ESCAPE_BYTES = 6; // "&quot;"
/** Declaration, root with its namespaces, Message, Action, ItemList; 309 bytes as written today. */
const FRAME_BYTES = 400;
/** `<Item name="" index=""></Item>` */
const ITEM_FRAME_BYTES = 30;
/** ` status=""` */
const STATUS_BYTES = 10;

/** Never less than what a message takes without its items. */
export const EMPTY_MESSAGE_BYTES = FRAME_BYTES + MAX_NONCE_LENGTH * WORST_ESCAPE_BYTES;

/**
 * Never less than what the item adds to an encoded message, and exact for text without characters that may be escaped.
 * A bound in place of a measurement: it depends on nothing but the item, so that every gateway cuts a list at the same
 * places, and it costs no encoding.
 */
export function itemBytes(item: OrderItem): number {
  const index = item.index === undefined ? 0 : String(item.index).length;
  const status = item.itemStatus === undefined ? 0 : STATUS_BYTES + item.itemStatus.length;
  return ITEM_FRAME_BYTES + index + status + textBytes(item.name) + textBytes(item.value);
}

function textBytes(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) bytes += unit >= 0x800 ? 3 : 2;
    else bytes += isEscaped(unit) ? WORST_ESCAPE_BYTES : 1;
  }
  return bytes;
}

/** Control characters other than the line feed, and `"` `&` `'` `<` `>`. */
function isEscaped(unit: number): boolean {
  return (
    (unit < 0x20 && unit !== 0x0a) ||
    unit === 0x22 ||
    unit === 0x26 ||
    unit === 0x27 ||
    unit === 0x3c ||
    unit === 0x3e ||
    unit === 0x7f
  );
}
