import { durationMs, integer, port } from '@opendls/config';
import { databaseUrl, instanceId, serviceEnvironment } from '@opendls/service-process';
import { z } from 'zod';

const DAY_MS = 24 * 3_600_000;
/** How long the gateway's topic keeps events, see its definition. */
const GATEWAY_RETENTION_MS = 14 * DAY_MS;

/** What `main.js migrate` reads. */
export const migrationEnvironment = z
  .object({
    OPENDLS_LOG_LEVEL: serviceEnvironment.shape.OPENDLS_LOG_LEVEL,
    OPENDLS_INVENTORY_DATABASE_URL: databaseUrl(),
  })
  .transform((env) => ({ logLevel: env.OPENDLS_LOG_LEVEL, databaseUrl: env.OPENDLS_INVENTORY_DATABASE_URL }));

/** The environment of the inventory process. Every name may also be given as `<name>_FILE`. */
export const inventoryEnvironment = serviceEnvironment
  .extend({
    OPENDLS_INVENTORY_DATABASE_URL: databaseUrl(),
    OPENDLS_INVENTORY_HOST: z.string().default('127.0.0.1'),
    OPENDLS_INVENTORY_PORT: port().default(8_081),
    OPENDLS_INVENTORY_INSTANCE_ID: instanceId().optional(),
    OPENDLS_INVENTORY_DATABASE_POOL_SIZE: integer({ min: 2, max: 200 }).default(10),
    OPENDLS_INVENTORY_BATCH_SIZE: integer({ min: 1, max: 10_000 }).default(1_000),
    OPENDLS_INVENTORY_CONTACT_RETENTION_MS: durationMs({ min: DAY_MS }).default(90 * DAY_MS),
    OPENDLS_INVENTORY_PROCESSED_EVENT_RETENTION_MS: durationMs({ min: GATEWAY_RETENTION_MS }).default(16 * DAY_MS),
    OPENDLS_INVENTORY_PURGE_INTERVAL_MS: durationMs({ min: 1_000 }).default(3_600_000),
    OPENDLS_INVENTORY_SHUTDOWN_TIMEOUT_MS: durationMs({ min: 100 }).default(15_000),
  })
  .transform((env) => ({
    logLevel: env.OPENDLS_LOG_LEVEL,
    kafkaBrokers: env.OPENDLS_KAFKA_BROKERS,
    topicPrefix: env.OPENDLS_TOPIC_PREFIX,
    apiKeysFile: env.OPENDLS_API_KEYS_FILE,
    databaseUrl: env.OPENDLS_INVENTORY_DATABASE_URL,
    host: env.OPENDLS_INVENTORY_HOST,
    port: env.OPENDLS_INVENTORY_PORT,
    instanceId: env.OPENDLS_INVENTORY_INSTANCE_ID,
    poolSize: env.OPENDLS_INVENTORY_DATABASE_POOL_SIZE,
    batchSize: env.OPENDLS_INVENTORY_BATCH_SIZE,
    contactRetentionMs: env.OPENDLS_INVENTORY_CONTACT_RETENTION_MS,
    processedEventRetentionMs: env.OPENDLS_INVENTORY_PROCESSED_EVENT_RETENTION_MS,
    purgeEveryMs: env.OPENDLS_INVENTORY_PURGE_INTERVAL_MS,
    shutdownTimeoutMs: env.OPENDLS_INVENTORY_SHUTDOWN_TIMEOUT_MS,
  }));

/** The configuration of the inventory process. */
export type InventoryConfig = z.output<typeof inventoryEnvironment>;
