import type { DeviceId, EventDataByType, ReportedItem } from '@opendls/event-contracts';
import { isReadable, keyOf, meaningfulItems, textOfKey, type CompleteReport } from './item-changes.js';

type ItemsReported = EventDataByType['opendls.gateway.items-reported'];

/** Which reply of which phone a fragment belongs to. */
export interface ReplyRef {
  readonly deviceId: DeviceId;
  readonly contactId: string;
  readonly orderId: string;
  readonly stepIndex: number;
}

/** One fragment of a reply to `ReadAllItems`. */
export interface Fragment {
  readonly attempt: number;
  readonly fragment: number;
  readonly isFinal: boolean;
  readonly at: Date;
  readonly items: readonly ReportedItem[];
  /** What it lists and the phone could not read. */
  readonly unreadable: readonly string[];
}

/** One text per reply. */
export function textOfReply({ deviceId, contactId, orderId, stepIndex }: ReplyRef): string {
  return `${deviceId}/${contactId}/${orderId}/${stepIndex}`;
}

/** The fragment of an event. Items the phone could not read are listed too: they exist. */
export function fragmentOf({ attempt, fragment, isFinal, items }: ItemsReported, at: Date): Fragment {
  const unreadable = items.filter((item) => !isReadable(item)).map((item) => textOfKey(keyOf(item)));
  return { attempt, fragment, isFinal, at, items: meaningfulItems(items), unreadable };
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
export function completeReport(fragments: readonly Fragment[]): CompleteReport | undefined {
  const last = fragments.findIndex(({ isFinal }) => isFinal);
  if (last === -1 || fragments.some(({ fragment }, position) => position <= last && fragment !== position)) {
    return undefined;
  }
  const parts = fragments.slice(0, last + 1);
  const at = parts.reduce((latest, part) => (part.at > latest ? part.at : latest), parts[0]!.at);
  const items = meaningfulItems(parts.flatMap((part) => part.items));
  return { at, items, unreadable: new Set(parts.flatMap(({ unreadable }) => unreadable)) };
}
