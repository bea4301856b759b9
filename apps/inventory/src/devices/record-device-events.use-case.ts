import { createHash } from 'node:crypto';
import type { AnyEvent, DeviceId } from '@opendls/event-contracts';
import type { Outbox, ProcessedEvents, Tx, UnitOfWork } from '@opendls/postgres';
import type { ContactRef, ContactsStore } from './contacts.store.js';
import { deviceUpdatedRecord, type StateStream } from './device-state.js';
import type { DevicesStore } from './devices.store.js';
import { LONGEST_CONTACT_MS, type ContactRecord } from './domain/contact-record.js';
import { DeviceChanges, type AskedReply, type DigestItems, type StoredReply } from './domain/device-changes.js';
import type { DeviceRecord } from './domain/device-record.js';
import { textOfReply } from './domain/item-fragments.js';
import type { ItemFragmentsStore } from './item-fragments.store.js';
import type { ReportedItemsStore } from './reported-items.store.js';

/** The name under which this consumer remembers the events it has taken in. */
export const CONSUMER = 'inventory.devices';

export interface DeviceStores {
  readonly devices: DevicesStore;
  readonly items: ReportedItemsStore;
  readonly contacts: ContactsStore;
  readonly fragments: ItemFragmentsStore;
}

interface Stored {
  readonly devices: ReadonlyMap<DeviceId, DeviceRecord>;
  readonly contacts: ReadonlyMap<DeviceId, readonly ContactRecord[]>;
  readonly replies: ReadonlyMap<DeviceId, readonly StoredReply[]>;
}

/**
 * Takes a batch of gateway events in: records, items, contacts, and the state events that follow, all in one transaction
 * and with a number of statements that does not depend on the size of the batch.
 */
export class RecordDeviceEvents {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly stores: DeviceStores,
    private readonly processedEvents: ProcessedEvents,
    private readonly outbox: Outbox,
    private readonly stream: StateStream,
  ) {}

  /** Returns the ids of the events that were new; events that were taken in before change nothing. */
  async execute(events: readonly AnyEvent[]): Promise<ReadonlySet<string>> {
    return this.unitOfWork.run(async (tx) => {
      const newIds = await this.processedEvents.filterNew(tx, CONSUMER, [...new Set(events.map(({ id }) => id))]);
      const newEvents = firstOfEach(events.filter(({ id }) => newIds.has(id)));
      if (newEvents.length > 0) await this.record(tx, newEvents);
      return newIds;
    });
  }

  private async record(tx: Tx, events: readonly AnyEvent[]): Promise<void> {
    const byDevice = groupBy(events, (event) => deviceIdOf(event));
    const stored = await this.load(tx, events, [...byDevice.keys()].sort());
    const changes = [...byDevice].map(([deviceId, deviceEvents]) => {
      const state = {
        device: stored.devices.get(deviceId),
        contacts: stored.contacts.get(deviceId) ?? [],
        replies: stored.replies.get(deviceId) ?? [],
      };
      const change = new DeviceChanges(deviceId, state, digestItems);
      for (const event of deviceEvents) change.apply(event);
      return change;
    });
    await this.write(tx, changes);
  }

  private async load(tx: Tx, events: readonly AnyEvent[], deviceIds: readonly DeviceId[]): Promise<Stored> {
    // First the lock: whatever else is read belongs to the state that it protects.
    const devices = await this.stores.devices.lock(tx, deviceIds);
    const times = events.map(({ time }) => time.getTime());
    const from = new Date(Math.min(...times) - LONGEST_CONTACT_MS);
    const until = new Date(Math.max(...times) + LONGEST_CONTACT_MS);
    // What has no device row has nothing else either.
    const known = events.filter((event) => devices.has(deviceIdOf(event)));
    const contacts = await this.stores.contacts.load(tx, contactRefs(known), from, until);
    const replies = await this.stores.fragments.load(tx, fragmentedReplies(known));
    return {
      devices,
      contacts: groupBy(contacts, ({ deviceId }) => deviceId),
      replies: groupBy(replies, ({ ref }) => ref.deviceId),
    };
  }

  private async write(tx: Tx, changes: readonly DeviceChanges[]): Promise<void> {
    const { devices, items, contacts, fragments } = this.stores;
    const written = (kind: DeviceChanges['write']): DeviceRecord[] =>
      changes.filter((change) => change.write === kind).map(({ device }) => device);
    await devices.insert(tx, written('insert'));
    await devices.update(tx, written('update'));
    await items.save(
      tx,
      changes.map((change) => ({ deviceId: change.device.deviceId, items: change.items })),
    );
    await contacts.save(
      tx,
      changes.flatMap((change) => change.contacts),
    );
    await fragments.save(
      tx,
      changes.flatMap(({ replies }) => replies),
    );
    const visible = changes.filter(({ isVisible }) => isVisible).map(({ device }) => device);
    const records = visible.flatMap((device) => deviceUpdatedRecord(device, this.stream) ?? []);
    if (records.length > 0) await this.outbox.append(tx, records);
  }
}

/** Short and equal for equal items, in whatever order. */
export const digestItems: DigestItems = (items) => {
  const lines = items.map(({ name, index, value }) => JSON.stringify([name, index ?? null, value ?? null])).sort();
  return createHash('sha256').update(lines.join('\n')).digest('base64url').slice(0, 22);
};

function deviceIdOf(event: AnyEvent): DeviceId {
  // Key, subject and data agree, and the schema of every event that is recorded checks the id.
  return event.subject as DeviceId;
}

function firstOfEach(events: readonly AnyEvent[]): readonly AnyEvent[] {
  const seen = new Set<string>();
  return events.filter(({ id }) => !seen.has(id) && seen.add(id));
}

function contactRefs(events: readonly AnyEvent[]): readonly ContactRef[] {
  const refs = new Map<string, ContactRef>();
  for (const event of events) {
    if (!('contactId' in event.data)) continue;
    const { contactId } = event.data;
    const deviceId = deviceIdOf(event);
    refs.set(`${deviceId}/${contactId}`, { deviceId, contactId });
  }
  return [...refs.values()];
}

/** Replies in one piece, the usual case, have no fragments stored. */
function fragmentedReplies(events: readonly AnyEvent[]): readonly AskedReply[] {
  const replies = new Map<string, AskedReply>();
  for (const event of events) {
    if (event.type !== 'opendls.gateway.items-reported' || event.data.scope !== 'all') continue;
    const { contactId, orderId, stepIndex, fragment, isFinal } = event.data;
    if (fragment === 0 && isFinal) continue;
    const ref = { deviceId: deviceIdOf(event), contactId, orderId, stepIndex };
    const text = textOfReply(ref);
    replies.set(text, { ...ref, isEnding: isFinal || replies.get(text)?.isEnding === true });
  }
  return [...replies.values()];
}

function groupBy<Key, Value>(values: readonly Value[], keyOf: (value: Value) => Key): ReadonlyMap<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
