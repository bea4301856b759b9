import type { DeviceId, EventDataByType } from '@opendls/event-contracts';
import { isReadable, keyOf, textOfKey, type Replacement } from './item-changes.js';

type ItemsReported = EventDataByType['opendls.gateway.items-reported'];

/** Which reply of which phone a fragment belongs to. */
export interface ReplyRef {
  readonly deviceId: DeviceId;
  readonly contactId: string;
  readonly orderId: string;
  readonly stepIndex: number;
}

/** One fragment of a reply to `ReadAllItems`: which items it lists. Their values are stored as they come. */
export interface Fragment {
  readonly attempt: number;
  readonly fragment: number;
  readonly isFinal: boolean;
  readonly at: Date;
  readonly keys: readonly string[];
  /** Those of them that the phone could not read. */
  readonly unreadable: readonly string[];
}

/** One text per reply. */
export function textOfReply({ deviceId, contactId, orderId, stepIndex }: ReplyRef): string {
  return `${deviceId}/${contactId}/${orderId}/${stepIndex}`;
}

/** The fragment of an event. Items the phone could not read are listed too: they exist. */
export function fragmentOf({ attempt, fragment, isFinal, items }: ItemsReported, at: Date): Fragment {
  const unreadable = items.filter((item) => !isReadable(item));
  return { attempt, fragment, isFinal, at, keys: keysOf(items), unreadable: keysOf(unreadable) };
}

function keysOf(items: ItemsReported['items']): readonly string[] {
  return items.map((item) => textOfKey(keyOf(item)));
}

/**
 * The fragments known of a reply after one more came. A step that was offered again is answered from its first fragment:
 * fragments of an older attempt do not count any more.
 */
export function addFragment(known: readonly Fragment[], fragment: Fragment): readonly Fragment[] {
  const newest = Math.max(fragment.attempt, ...known.map(({ attempt }) => attempt));
  return [
    ...known.filter((other) => other.fragment !== fragment.fragment || other.attempt > fragment.attempt),
    fragment,
  ]
    .filter(({ attempt }) => attempt === newest)
    .sort((a, b) => a.fragment - b.fragment);
}

/** The complete report, once fragments 0..n are there and n is the final one; else undefined. */
export function completeReport(fragments: readonly Fragment[]): Replacement | undefined {
  const last = fragments.findIndex(({ isFinal }) => isFinal);
  if (last === -1 || fragments.some(({ fragment }, position) => position <= last && fragment !== position)) {
    return undefined;
  }
  const parts = fragments.slice(0, last + 1);
  const at = parts.reduce((latest, part) => (part.at > latest ? part.at : latest), parts[0]!.at);
  const keep = new Set(parts.flatMap(({ keys }) => keys));
  return { at, keep, unreadable: new Set(parts.flatMap(({ unreadable }) => unreadable)) };
}
