import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import type { BatchContext, DeliveredRecord } from '@opendls/event-bus';
import type { AnyEvent, DeviceId, EventRecord } from '@opendls/event-contracts';
import { silentLogger } from '@opendls/logging';
import { openDataSource, Outbox, ProcessedEvents, UnitOfWork } from '@opendls/postgres';
import { createTestDatabase } from '@opendls/testing-postgres';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { databaseOptions, migrateInventory } from '../src/data-source.js';
import { ContactsStore } from '../src/devices/contacts.store.js';
import { DeviceEventsConsumer } from '../src/devices/device-events.consumer.js';
import { DeviceListStore } from '../src/devices/device-list.store.js';
import { DevicesStore } from '../src/devices/devices.store.js';
import { toInventoryDevice } from '../src/devices/domain/device-record.js';
import { ItemFragmentsStore } from '../src/devices/item-fragments.store.js';
import { RecordDeviceEvents, type DeviceStores } from '../src/devices/record-device-events.use-case.js';
import { RemoveDevice } from '../src/devices/remove-device.use-case.js';
import { ReportedItemsStore } from '../src/devices/reported-items.store.js';
import { InventoryMetrics } from '../src/metrics.js';
import { openDatabaseLink, type DatabaseLink } from './database-link.js';
import { recordOf } from './device-events.js';

// Databases are made and servers started: a busy machine needs more than the usual five seconds.
jest.setTimeout(60_000);

/** The inventory without HTTP and bus, on a database of its own. */
export interface TestInventory {
  /** Its way to the database. */
  readonly link: DatabaseLink;
  readonly dataSource: DataSource;
  readonly stores: DeviceStores & { readonly list: DeviceListStore };
  readonly recorder: RecordDeviceEvents;
  readonly removeDevice: RemoveDevice;
  readonly consumer: DeviceEventsConsumer;
  /** What users see of a phone. */
  visibleOf(deviceId: DeviceId): Promise<unknown>;
  /** What was appended to the outbox, in order. */
  outbox(): Promise<readonly EventRecord[]>;
  close(): Promise<void>;
}

/** Opens an inventory on a new, migrated database. */
export async function openTestInventory(): Promise<TestInventory> {
  const database = await createTestDatabase({ key: 'inventory', migrate: migrateInventory });
  const link = await openDatabaseLink(database.url);
  const dataSource = await openDataSource(databaseOptions(link.url, silentLogger(), 5));
  const stores = {
    devices: new DevicesStore(dataSource),
    items: new ReportedItemsStore(dataSource),
    contacts: new ContactsStore(dataSource),
    fragments: new ItemFragmentsStore(dataSource),
    list: new DeviceListStore(dataSource),
  };
  const stream = { source: '/opendls/inventory/test', topicPrefix: '', newId: randomUUID, now: () => new Date() };
  const unitOfWork = new UnitOfWork(dataSource);
  const recorder = new RecordDeviceEvents(unitOfWork, stores, new ProcessedEvents(), new Outbox(), stream);
  return {
    link,
    dataSource,
    stores,
    recorder,
    removeDevice: new RemoveDevice(unitOfWork, stores.devices, new Outbox(), stream),
    consumer: new DeviceEventsConsumer(recorder, new InventoryMetrics(new Registry()), silentLogger()),
    visibleOf: (deviceId) => visibleOf(stores, deviceId),
    outbox: () => dataSource.query('SELECT topic, key, headers, value FROM outbox ORDER BY id'),
    close: async () => {
      await dataSource.destroy();
      await link.close();
      await database.drop();
    },
  };
}

async function visibleOf({ devices, items, contacts }: DeviceStores, deviceId: DeviceId): Promise<unknown> {
  const device = await devices.find(deviceId);
  const rows = await contacts.list(deviceId, { limit: 100 });
  return {
    device: device && { ...toInventoryDevice(device), version: 0 },
    contacts: rows.map(({ contactNo: _, ...contact }) => contact),
    items: await items.list(deviceId, { limit: 1_000 }),
  };
}

/** Records as a bus delivers them. */
export function delivered(events: readonly AnyEvent[]): DeliveredRecord[] {
  return events.map((event, position) => {
    const { topic, key, headers, value } = recordOf(event);
    return {
      topic,
      partition: 0,
      offset: String(position),
      key,
      header: (name) => headers[name],
      headers: () => headers,
      value: value === null ? null : new TextEncoder().encode(value),
      timestamp: new Date(),
    };
  });
}

export const BATCH_CONTEXT: BatchContext = {
  signal: new AbortController().signal,
  heartbeat: async () => undefined,
};
