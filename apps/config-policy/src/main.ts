import 'reflect-metadata';
import { runService, serveOnKafka } from '@opendls/service-process';
import { configPolicyEnvironment, migrationEnvironment } from './config.js';
import { createConfigPolicy } from './create-config-policy.js';
import { migrateConfigPolicy } from './data-source.js';

const name = 'config-policy';

await runService(
  {
    name,
    environment: configPolicyEnvironment,
    prefix: 'OPENDLS_CONFIG_POLICY_',
    migration: {
      environment: migrationEnvironment,
      run: ({ databaseUrl }, logger) => migrateConfigPolicy(databaseUrl, logger),
    },
    serve: (settings, logger) =>
      serveOnKafka({
        name,
        title: 'OpenDLS config-policy',
        description: 'Policies, secrets, how far phones follow them, and the work orders that make them follow.',
        settings,
        logger,
        create: (shared) => createConfigPolicy({ ...settings, ...shared, logger }),
      }),
  },
  process.env,
);
