import type { ReportedItem } from '@opendls/event-contracts';

/** Which item of a phone. `index` is null for an item without one, which is not the same as index 0. */
export interface ItemKey {
  readonly name: string;
  readonly index: number | null;
}

/** The newest known report of one item. */
export interface ItemReport extends ItemKey {
  /** null when the item is secret: its value never reaches the inventory. */
  readonly value: string | null;
  readonly isSecret: boolean;
  readonly reportedAt: Date;
  /** Part of the opening message that was applied last. */
  readonly isInOpening: boolean;
}

/** A complete report: items that are not in it do not exist (any more), unless they were reported later. */
export interface Replacement {
  readonly at: Date;
  readonly keep: ReadonlySet<string>;
}

/**
 * Flags of the message itself (PROTOCOL: basic data items), no settings of the phone: they would be stale as soon as stored,
 * and would make two equal openings look different.
 */
const MESSAGE_FLAGS: ReadonlySet<string> = new Set([
  'configuration-changed-flag',
  'configuration-attached-flag',
  'configuration-attached-number',
]);

/** One text per item: `name` or `name[index]`. */
export function textOfKey({ name, index }: ItemKey): string {
  return index === null ? name : `${name}[${index}]`;
}

/** The key of an item as it is in an event. */
export function keyOf(item: Pick<ReportedItem, 'name' | 'index'>): ItemKey {
  return { name: item.name, index: item.index ?? null };
}

/**
 * The items of a message that say something: without message flags and without items the phone could not read (they carry a
 * status, in unsolicited messages too, M p.33: skip them when importing values). A later duplicate wins.
 */
export function meaningfulItems(items: readonly ReportedItem[]): readonly ReportedItem[] {
  const byKey = new Map<string, ReportedItem>();
  for (const item of items) {
    const isReadable = !item.status && (item.secret === true || item.value !== undefined);
    if (isReadable && !MESSAGE_FLAGS.has(item.name)) byKey.set(textOfKey(keyOf(item)), item);
  }
  return [...byKey.values()];
}

/**
 * Collects what a batch of events does to the items of one phone, so that it can be written at once. Writing follows one
 * rule, here and in the database: a report replaces an older one, never a newer one.
 */
export class ItemChanges {
  private readonly reports = new Map<string, ItemReport>();
  private confirmed: Date | null = null;
  private newest: Replacement | null = null;

  /** Reports to write, at most one per item. */
  get upserts(): readonly ItemReport[] {
    return [...this.reports.values()];
  }

  /** Set when the stored items of the last opening no longer are; the time at which they were last confirmed. */
  get releasedAt(): Date | null {
    return this.confirmed;
  }

  /** The newest complete report. */
  get replacement(): Replacement | null {
    return this.newest;
  }

  get isEmpty(): boolean {
    return this.reports.size === 0 && this.confirmed === null && this.newest === null;
  }

  /** Adds the items of a message. */
  report(items: readonly ReportedItem[], at: Date, isInOpening: boolean): void {
    for (const item of items) {
      const key = keyOf(item);
      const text = textOfKey(key);
      const known = this.reports.get(text);
      // What the last opening states holds until `releaseOpening`: a message that arrives late is older.
      if (known !== undefined && (known.isInOpening || known.reportedAt > at)) continue;
      const isSecret = item.secret === true;
      const value = isSecret ? null : (item.value ?? null);
      this.reports.set(text, { ...key, value, isSecret, reportedAt: at, isInOpening });
    }
  }

  /** The items of the last opening, confirmed until `confirmedAt`, become items like all others. */
  releaseOpening(confirmedAt: Date): void {
    this.confirmed ??= confirmedAt;
    for (const [text, known] of this.reports) {
      if (!known.isInOpening) continue;
      const reportedAt = known.reportedAt > confirmedAt ? known.reportedAt : confirmedAt;
      this.reports.set(text, { ...known, reportedAt, isInOpening: false });
    }
  }

  /** Adds a complete report. */
  replace(replacement: Replacement): void {
    if (this.newest !== null && this.newest.at > replacement.at) return;
    this.newest = replacement;
    for (const [text, known] of this.reports) {
      if (known.reportedAt <= replacement.at && !replacement.keep.has(text)) this.reports.delete(text);
    }
  }
}
