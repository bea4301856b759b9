import type { AnyEvent, ReportedItem } from '@opendls/event-contracts';
import fc from 'fast-check';
import { after, deviceIdOf } from '../../../test/device-events.js';
import { deviceStory, HOUR } from '../../../test/device-story.js';
import type { ContactRecord } from './contact-record.js';
import { DeviceChanges, type ReplyChange, type StoredReply } from './device-changes.js';
import type { DeviceRecord } from './device-record.js';
import { toInventoryDevice } from './device-record.js';
import { keyOf, textOfKey, type DocumentKind, type ItemReport } from './item-changes.js';
import { textOfReply } from './item-fragments.js';

const deviceId = deviceIdOf(1);
const STORY = deviceStory(deviceId);

/** The stores, in memory: writes what a batch changed by the rules that their SQL statements have. */
class Memory {
  device: DeviceRecord | undefined;
  contacts: ContactRecord[] = [];
  replies: StoredReply[] = [];
  items = new Map<string, ItemReport>();
  documents = new Map<DocumentKind, readonly ReportedItem[]>();

  apply(events: readonly AnyEvent[]): void {
    const changes = new DeviceChanges(deviceId, this, (items) => JSON.stringify(items));
    for (const event of events) changes.apply(event);
    this.writeItems(changes);
    this.device = changes.device;
    for (const contact of changes.contacts) {
      const contactNo = contact.contactNo ?? String(this.contacts.length);
      this.contacts = [...this.contacts.filter((other) => other.contactNo !== contactNo), { ...contact, contactNo }];
    }
    for (const change of changes.replies) this.writeReply(change);
  }

  private writeReply({ ref, added, isObsolete }: ReplyChange): void {
    const text = textOfReply(ref);
    const known = this.replies.find((reply) => textOfReply(reply.ref) === text)?.fragments ?? [];
    const numbers = new Set(added.map(({ fragment }) => fragment));
    const rest = isObsolete ? [] : known.filter(({ fragment }) => !numbers.has(fragment));
    const fragments = [...rest, ...added].sort((x, y) => x.fragment - y.fragment);
    this.replies = this.replies.filter((reply) => textOfReply(reply.ref) !== text);
    if (fragments.length > 0) this.replies.push({ ref, fragments });
  }

  private writeItems({ items }: DeviceChanges): void {
    for (const { kind, which, keys, confirmedAt } of items.retirements) {
      for (const item of this.documents.get(kind) ?? []) {
        const report = reportOf(item, confirmedAt);
        if (keys.has(textOfKey(report)) === (which === 'only')) this.upsert(report);
      }
      this.documents.delete(kind);
    }
    for (const report of items.rows) this.upsert(report);
    for (const { kind, items: documentItems } of items.documents) this.documents.set(kind, documentItems);
    if (items.voidRows === null) return;
    const { notAfter, except } = items.voidRows;
    for (const [key, item] of this.items) {
      if (item.reportedAt <= notAfter && !except.has(key)) this.items.delete(key);
    }
  }

  private upsert(item: ItemReport): void {
    const known = this.items.get(textOfKey(item));
    if (known === undefined || known.reportedAt <= item.reportedAt) this.items.set(textOfKey(item), item);
  }

  /** The newer report of each item, wherever it is. */
  private get merged(): Map<string, ItemReport> {
    const merged = new Map(this.items);
    for (const [kind, items] of this.documents) {
      const at = kind === 'opening' ? this.device?.openingItems?.confirmedAt : this.device?.itemsReportedAt;
      for (const report of items.map((item) => reportOf(item, at!))) {
        const known = merged.get(textOfKey(report));
        if (known === undefined || known.reportedAt < report.reportedAt) merged.set(textOfKey(report), report);
      }
    }
    return merged;
  }

  /** What users see. */
  get visible(): unknown {
    const device = toInventoryDevice(this.device!);
    const contacts = this.contacts
      .map(({ contactNo: _, ...contact }) => contact)
      .sort((a, b) => a.openedAt.getTime() - b.openedAt.getTime());
    return {
      device: { ...device, version: 0 },
      contacts,
      items: Object.fromEntries([...this.merged].map(([key, { value, reportedAt }]) => [key, { value, reportedAt }])),
    };
  }
}

function reportOf(item: ReportedItem, reportedAt: Date): ItemReport {
  return { ...keyOf(item), value: item.value ?? null, isSecret: item.secret === true, reportedAt };
}

function outcomeOf(batches: readonly (readonly AnyEvent[])[]): unknown {
  const memory = new Memory();
  for (const batch of batches) memory.apply(batch);
  return memory.visible;
}

describe('the changes of one phone', () => {
  it('are the same in one batch as one by one', () => {
    expect(outcomeOf([STORY])).toEqual(outcomeOf(STORY.map((event) => [event])));
    expect(outcomeOf([STORY])).toMatchObject({
      device: { startUpCount: 2, e164: '4989100231', lastSeenAt: after(2 * HOUR + 30).toISOString() },
      items: { a: { value: '2' }, b: { value: '1' }, c: { value: '1' }, d: { value: '2' } },
    });
  });

  it('are the same in any order and any batches', () => {
    const expected = outcomeOf([STORY]);
    const shuffled = fc.shuffledSubarray([...STORY], { minLength: STORY.length });
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: STORY.length, maxLength: STORY.length });
    fc.assert(
      fc.property(shuffled, sizes, (events, lengths) => {
        const rest = [...events];
        const batches = lengths.map((length) => rest.splice(0, length)).filter((batch) => batch.length > 0);
        expect(outcomeOf(batches)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});
