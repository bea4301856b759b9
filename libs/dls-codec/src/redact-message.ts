import { isSecretItem } from '@opendls/item-catalog';
import type { DecodedMessage } from './decode-message.js';
import type { Item } from './items/item.js';

const REDACTED = '***';

/** The items with every value that must not be shown replaced; names, order and statuses stay. */
export function redactItems(items: readonly Item[]): Item[] {
  return items.map((item) => (item.value !== '' && isSecretBearing(item.name) ? { ...item, value: REDACTED } : item));
}

/** A message fit for a log line. */
export function redactMessage<Message extends DecodedMessage>(message: Message): Message {
  if (message.kind === 'unknown' || message.items === undefined) return message;
  return { ...message, items: redactItems(message.items) };
}

// User data is an opaque copy of call logs, phone books and recordings.
function isSecretBearing(name: string): boolean {
  return isSecretItem(name) || /^userdata-/i.test(name);
}
