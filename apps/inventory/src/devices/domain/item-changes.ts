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

/** Everything a phone has: items that are not in it do not exist (any more), unless they were reported later. */
export interface CompleteReport {
  readonly at: Date;
  readonly items: readonly ReportedItem[];
  /** What it lists without a value, because the phone could not read it: that keeps the value it had. */
  readonly unreadable: ReadonlySet<string>;
}

/**
 * Items that a phone reports together are kept together, as one document of each kind; items it was asked for one by one are
 * rows.
 */
export type DocumentKind = 'opening' | 'complete';

export interface ItemDocument {
  readonly kind: DocumentKind;
  readonly items: readonly ReportedItem[];
}

/** What becomes rows of a stored document that another one takes the place of. */
export interface Retirement {
  readonly kind: DocumentKind;
  /** When the phone last stated the document. */
  readonly confirmedAt: Date;
  /** With `except`: all but these. With `only`: just these. */
  readonly which: 'except' | 'only';
  readonly keys: ReadonlySet<string>;
}

/** Rows that a complete report makes void: those that are not newer, but for these. */
export interface VoidRows {
  readonly notAfter: Date;
  readonly except: ReadonlySet<string>;
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
 * Phones state some thirty items in every opening message, nearly always the same, and up to some thousand when they are
 * read completely: these are documents, the first one written only when it differs. Of two reports of an item the newer one
 * counts, wherever it is.
 */
export class ItemChanges {
  private readonly byKey = new Map<string, ItemReport>();
  private readonly pending = new Map<DocumentKind, readonly ReportedItem[]>();
  private readonly retired = new Map<DocumentKind, Retirement>();
  private voidedRows: VoidRows | null = null;

  /** Reports to write as rows, at most one per item. A report never replaces a newer one. */
  get rows(): readonly ItemReport[] {
    return [...this.byKey.values()];
  }

  /** Documents to store in place of those of their kind. */
  get documents(): readonly ItemDocument[] {
    return [...this.pending].map(([kind, items]) => ({ kind, items }));
  }

  /** Stored documents that are no longer what the phone stated last. */
  get retirements(): readonly Retirement[] {
    return [...this.retired.values()];
  }

  /** Rows to remove. */
  get voidRows(): VoidRows | null {
    return this.voidedRows;
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

  /** The items of the last opening are these now; `confirmedAt` is when those before were last stated, if any. */
  open(items: readonly ReportedItem[], confirmedAt: Date | null): void {
    const keys = new Set(items.map((item) => textOfKey(keyOf(item))));
    this.retire('opening', confirmedAt, 'except', keys);
    this.pending.set('opening', items);
  }

  /**
   * Adds a complete report, which is newer than the one before. `confirmedAt` is when the documents that it makes void were
   * last stated; none for an opening that is newer.
   */
  complete(report: CompleteReport, confirmedAt: Readonly<Record<DocumentKind, Date | null>>): void {
    const { at, items, unreadable } = report;
    this.retire('opening', confirmedAt.opening, 'only', unreadable);
    this.retire('complete', confirmedAt.complete, 'only', unreadable);
    this.pending.set('complete', items);
    this.voidedRows = { notAfter: at, except: unreadable };
    for (const [text, known] of this.byKey) {
      if (known.reportedAt <= at && !unreadable.has(text)) this.byKey.delete(text);
    }
  }

  private retire(
    kind: DocumentKind,
    confirmedAt: Date | null,
    which: Retirement['which'],
    keys: ReadonlySet<string>,
  ): void {
    if (confirmedAt === null) return;
    const items = this.pending.get(kind);
    if (items === undefined) {
      if (!this.retired.has(kind)) this.retired.set(kind, { kind, confirmedAt, which, keys });
      return;
    }
    const isKept = (item: ReportedItem): boolean => keys.has(textOfKey(keyOf(item))) === (which === 'only');
    this.report(items.filter(isKept), confirmedAt);
    this.pending.delete(kind);
  }
}
