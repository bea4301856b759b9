import type { DeviceId } from '@opendls/event-contracts';
import type { ContactEntity } from './contact.entity.js';
import type { ContactsQuery, ContactsStore } from './contacts.store.js';
import type { DeviceListQuery, DeviceListStore, ListedDevice } from './device-list.store.js';
import type { DevicesStore } from './devices.store.js';
import type { DeviceRecord } from './domain/device-record.js';
import type { ItemsQuery, ListedItem, ReportedItemsStore } from './reported-items.store.js';

/** Reads of the inventory. Lists have one entry more than asked for when there are more. */
export class DevicesService {
  constructor(
    private readonly deviceList: DeviceListStore,
    private readonly devices: DevicesStore,
    private readonly items: ReportedItemsStore,
    private readonly contacts: ContactsStore,
  ) {}

  /** A page of phones. */
  list(query: DeviceListQuery): Promise<readonly ListedDevice[]> {
    return this.deviceList.list(query);
  }

  /** One phone; undefined when there is none. */
  find(deviceId: DeviceId): Promise<DeviceRecord | undefined> {
    return this.devices.find(deviceId);
  }

  /** A page of the items of a phone. */
  listItems(deviceId: DeviceId, query: ItemsQuery): Promise<readonly ListedItem[]> {
    return this.items.list(deviceId, query);
  }

  /** A page of the contacts of a phone, newest first. */
  listContacts(deviceId: DeviceId, query: ContactsQuery): Promise<readonly ContactEntity[]> {
    return this.contacts.list(deviceId, query);
  }
}
