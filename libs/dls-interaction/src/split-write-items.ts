import { togetherGroup } from '@opendls/item-catalog';
import { EMPTY_MESSAGE_BYTES, itemBytes } from './encoded-size.js';
import type { OrderItem } from './order.js';

export interface SplitOptions {
  /** Most bytes of one encoded message. */
  readonly maxBytes: number;
  /** Most items of one message; null, 0 or less: no limit (PROTOCOL 2.2). */
  readonly maxItems?: number | null;
}

export interface SplitItems<Item extends OrderItem> {
  /** What goes into each message, in this order; no part is empty. */
  readonly parts: readonly (readonly Item[])[];
  /** Items that fit into no message at all. */
  readonly oversized: readonly Item[];
  /** Groups that had to be torn apart because they exceed a message by themselves. */
  readonly tornGroups: readonly string[];
}

/**
 * Cuts a list into messages: at most `maxItems` items and `maxBytes` bytes each, items of one group in one message
 * (PROTOCOL 5.3). A group moves to the place of its first item; apart from that the order is kept. The same list and the
 * same options give the same parts, which is what lets another gateway continue in the middle.
 */
export function splitWriteItems<Item extends OrderItem>(
  items: readonly Item[],
  options: SplitOptions,
): SplitItems<Item> {
  const parcel = new Parcel<Item>(options.maxBytes - EMPTY_MESSAGE_BYTES, options.maxItems ?? 0);
  const oversized: Item[] = [];
  const tornGroups: string[] = [];
  for (const { group, members } of groupsOf(items)) {
    const fitting = members.filter((item) => itemBytes(item) <= parcel.maxBytes);
    if (fitting.length < members.length) oversized.push(...members.filter((item) => !fitting.includes(item)));
    if (parcel.takes(fitting)) {
      parcel.add(fitting);
    } else {
      tornGroups.push(group ?? '');
      for (const item of fitting) parcel.add([item]);
    }
  }
  return { parts: parcel.parts(), oversized, tornGroups };
}

/** Fills one message after the other. */
class Parcel<Item extends OrderItem> {
  private readonly full: Item[][] = [];
  private current: Item[] = [];
  private currentBytes = 0;

  constructor(
    readonly maxBytes: number,
    private readonly maxItems: number,
  ) {}

  /** Whether the items fit into an empty message. */
  takes(items: readonly Item[]): boolean {
    return this.fits(items.length, bytesOf(items));
  }

  add(items: readonly Item[]): void {
    const bytes = bytesOf(items);
    if (!this.fits(this.current.length + items.length, this.currentBytes + bytes) && this.current.length > 0) {
      this.full.push(this.current);
      this.current = [];
      this.currentBytes = 0;
    }
    this.current.push(...items);
    this.currentBytes += bytes;
  }

  parts(): Item[][] {
    return this.current.length > 0 ? [...this.full, this.current] : this.full;
  }

  private fits(count: number, bytes: number): boolean {
    return bytes <= this.maxBytes && (this.maxItems <= 0 || count <= this.maxItems);
  }
}

function bytesOf(items: readonly OrderItem[]): number {
  return items.reduce((sum, item) => sum + itemBytes(item), 0);
}

interface Group<Item> {
  readonly group: string | undefined;
  readonly members: Item[];
}

function groupsOf<Item extends OrderItem>(items: readonly Item[]): readonly Group<Item>[] {
  const groups: Group<Item>[] = [];
  const byName = new Map<string, Group<Item>>();
  for (const item of items) {
    const group = togetherGroup(item);
    const known = group === undefined ? undefined : byName.get(group);
    if (known !== undefined) {
      known.members.push(item);
      continue;
    }
    const added = { group, members: [item] };
    groups.push(added);
    if (group !== undefined) byName.set(group, added);
  }
  return groups;
}
