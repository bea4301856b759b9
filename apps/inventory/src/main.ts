import 'reflect-metadata';
import { runService, serveOnKafka } from '@opendls/service-process';
import { inventoryEnvironment, migrationEnvironment } from './config.js';
import { createInventory } from './create-inventory.js';
import { migrateInventory } from './data-source.js';

const name = 'inventory';

await runService(
  {
    name,
    environment: inventoryEnvironment,
    prefix: 'OPENDLS_INVENTORY_',
    migration: {
      environment: migrationEnvironment,
      run: ({ databaseUrl }, logger) => migrateInventory(databaseUrl, logger),
    },
    serve: (settings, logger) =>
      serveOnKafka({
        name,
        title: 'OpenDLS inventory',
        description: 'Every phone ever seen: what it is, what it reported, when it came.',
        settings,
        logger,
        create: (shared) => createInventory({ ...settings, ...shared, logger }),
      }),
  },
  process.env,
);
