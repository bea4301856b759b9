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
}

/** A complete report: items that are not in it do not exist (any more), unless they were reported later. */
export interface Replacement {
  readonly at: Date;
  /** Everything it lists. */
  readonly keep: ReadonlySet<string>;
  /** What it lists without a value, because the phone could not read it. */
  readonly unreadable: ReadonlySet<string>;
}

/** The items of an opening message. */
export interface OpeningReport {
  readonly items: readonly ReportedItem[];
  /** When the phone last stated exactly these. */
  readonly confirmedAt: Date;
}

/** What of the stored opening items becomes reports of their own, now that they are no longer those of the last opening. */
export interface Retirement {
  readonly confirmedAt: Date;
  /** With `except`: all but these. With `only`: just these. */
  readonly which: 'except' | 'only';
  readonly keys: ReadonlySet<string>;
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

/** Whether an item of a message has a value. One the phone could not read carries a status instead (M p.33). */
export function isReadable(item: ReportedItem): boolean {
  return !item.status && (item.secret === true || item.value !== undefined);
}

/** The items of a message that say something: no message flags, nothing unreadable. A later duplicate wins. */
export function meaningfulItems(items: readonly ReportedItem[]): readonly ReportedItem[] {
  const byKey = new Map<string, ReportedItem>();
  for (const item of items) {
    if (isReadable(item) && !MESSAGE_FLAGS.has(item.name)) byKey.set(textOfKey(keyOf(item)), item);
  }
  return [...byKey.values()];
}

/**
 * Collects what a batch of events does to the items of one phone, so that it can be written at once.
 *
 * Items are kept in two places. Phones state some thirty items in every opening message, nearly always the same: they are
 * one document, which is written only when they differ. Items they were asked for are rows. Of two reports of an item the
 * newer one counts, wherever it is.
 */
export class ItemChanges {
  private readonly byKey = new Map<string, ItemReport>();
  private opening: OpeningReport | null = null;
  private retired: Retirement | null = null;
  private newest: Replacement | null = null;

  /** Reports to write as rows, at most one per item. A report never replaces a newer one. */
  get reports(): readonly ItemReport[] {
    return [...this.byKey.values()];
  }

  /** Items to store as those of the last opening; null leaves what is stored, or removes it when it is retired. */
  get openingItems(): readonly ReportedItem[] | null {
    return this.opening?.items ?? null;
  }

  /** Set when the stored opening items no longer are those of the last opening. */
  get retirement(): Retirement | null {
    return this.retired;
  }

  /** The newest complete report. */
  get replacement(): Replacement | null {
    return this.newest;
  }

  /** Adds items that a phone was asked for, or that come from an opening which is not the last. */
  report(items: readonly ReportedItem[], at: Date): void {
    for (const item of items) {
      const key = keyOf(item);
      const text = textOfKey(key);
      const known = this.byKey.get(text);
      if (known !== undefined && known.reportedAt > at) continue;
      const isSecret = item.secret === true;
      this.byKey.set(text, { ...key, value: isSecret ? null : (item.value ?? null), isSecret, reportedAt: at });
    }
  }

  /** The items of the last opening are these now; `lastConfirmedAt` is when those before were last stated, if any. */
  open(items: readonly ReportedItem[], at: Date, lastConfirmedAt: Date | null): void {
    this.retire({ which: 'except', keys: new Set(items.map((item) => textOfKey(keyOf(item)))) }, lastConfirmedAt);
    this.opening = { items, confirmedAt: at };
  }

  /** Adds a complete report. `lastConfirmedAt` is when the items of the last opening were stated, if they are older. */
  replace(replacement: Replacement, lastConfirmedAt: Date | null): void {
    this.retire({ which: 'only', keys: replacement.unreadable }, lastConfirmedAt);
    if (this.newest !== null && this.newest.at > replacement.at) return;
    this.newest = replacement;
    for (const [text, known] of this.byKey) {
      if (known.reportedAt <= replacement.at && !replacement.keep.has(text)) this.byKey.delete(text);
    }
  }

  private retire({ which, keys }: Pick<Retirement, 'which' | 'keys'>, confirmedAt: Date | null): void {
    if (confirmedAt === null) return;
    if (this.opening === null) {
      this.retired ??= { which, keys, confirmedAt };
      return;
    }
    const isMoved = (item: ReportedItem): boolean => keys.has(textOfKey(keyOf(item))) === (which === 'only');
    this.report(this.opening.items.filter(isMoved), confirmedAt);
    this.opening = null;
  }
}
