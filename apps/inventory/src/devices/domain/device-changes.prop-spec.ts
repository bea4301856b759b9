import type { AnyEvent, ReportedItem } from '@opendls/event-contracts';
import fc from 'fast-check';
import { after, deviceIdOf } from '../../../test/device-events.js';
import { deviceStory, HOUR } from '../../../test/device-story.js';
import type { ContactRecord } from './contact-record.js';
import { DeviceChanges, type StoredReply } from './device-changes.js';
import type { DeviceRecord } from './device-record.js';
import { toInventoryDevice } from './device-record.js';
import { keyOf, textOfKey, type ItemReport } from './item-changes.js';

const deviceId = deviceIdOf(1);
const STORY = deviceStory(deviceId);

/** The stores, in memory: writes what a batch changed by the rules that their SQL statements have. */
class Memory {
  device: DeviceRecord | undefined;
  contacts: ContactRecord[] = [];
  replies: StoredReply[] = [];
  items = new Map<string, ItemReport>();
  openingItems: readonly ReportedItem[] = [];

  apply(events: readonly AnyEvent[]): void {
    const changes = new DeviceChanges(deviceId, this, (items) => JSON.stringify(items));
    for (const event of events) changes.apply(event);
    this.writeItems(changes);
    this.device = changes.device;
    for (const contact of changes.contacts) {
      const contactNo = contact.contactNo ?? String(this.contacts.length);
      this.contacts = [...this.contacts.filter((other) => other.contactNo !== contactNo), { ...contact, contactNo }];
    }
    const texts = new Set(changes.replies.map(({ ref }) => JSON.stringify(ref)));
    this.replies = [...this.replies.filter(({ ref }) => !texts.has(JSON.stringify(ref))), ...changes.replies];
    this.replies = this.replies.filter(({ fragments }) => fragments.length > 0);
  }

  private writeItems({ items }: DeviceChanges): void {
    const { retirement, openingItems, replacement } = items;
    if (retirement !== null) {
      const { which, keys, confirmedAt } = retirement;
      for (const item of this.openingItems) {
        const report = reportOf(item, confirmedAt);
        if (keys.has(textOfKey(report)) === (which === 'only')) this.upsert(report);
      }
      this.openingItems = [];
    }
    for (const report of items.reports) this.upsert(report);
    if (openingItems !== null) this.openingItems = openingItems;
    if (replacement === null) return;
    for (const [key, item] of this.items) {
      if (item.reportedAt <= replacement.at && !replacement.keep.has(key)) this.items.delete(key);
    }
  }

  private upsert(item: ItemReport): void {
    const known = this.items.get(textOfKey(item));
    if (known === undefined || known.reportedAt <= item.reportedAt) this.items.set(textOfKey(item), item);
  }

  /** The newer report of each item, wherever it is. */
  private get merged(): Map<string, ItemReport> {
    const merged = new Map(this.items);
    for (const item of this.openingItems) {
      const report = reportOf(item, this.device!.openingItems!.confirmedAt);
      const known = merged.get(textOfKey(report));
      if (known === undefined || known.reportedAt < report.reportedAt) merged.set(textOfKey(report), report);
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
