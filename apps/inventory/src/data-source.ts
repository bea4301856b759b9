import { silentLogger, type Logger } from '@opendls/logging';
import { migrateDatabase, type PostgresOptions } from '@opendls/postgres';
import { ContactEntity } from './devices/contact.entity.js';
import { DeviceEntity } from './devices/device.entity.js';
import { ItemFragmentEntity } from './devices/item-fragment.entity.js';
import { ItemDocumentEntity } from './devices/item-document.entity.js';
import { ReportedItemEntity } from './devices/reported-item.entity.js';
import { CreateDevices1767225600000 } from './migrations/1767225600000-create-devices.js';
import { AddContactConnection1795132800000 } from './migrations/1795132800000-add-contact-connection.js';

/** How the inventory reaches its database, and what is in it. */
export function databaseOptions(url: string, logger: Logger, poolSize?: number): PostgresOptions {
  return {
    url,
    name: 'opendls-inventory',
    entities: [DeviceEntity, ReportedItemEntity, ItemDocumentEntity, ContactEntity, ItemFragmentEntity],
    migrations: [CreateDevices1767225600000, AddContactConnection1795132800000],
    poolSize,
    logger,
  };
}

/** Brings the database to the schema of this version. */
export async function migrateInventory(url: string, logger: Logger = silentLogger()): Promise<void> {
  await migrateDatabase(databaseOptions(url, logger));
}
