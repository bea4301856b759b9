import { byteSize, durationMs, integer, port } from '@opendls/config';
import { databaseUrl, instanceId, sealingKeys, serviceEnvironment } from '@opendls/service-process';
import { z } from 'zod';
import { DEFAULT_SETTINGS } from './decision-settings.js';
import { DEFAULT_FILE_SETTINGS } from './files/create-file-store.js';
import { MAX_SECRET_NAME_LENGTH, SECRET_NAME } from './secrets/domain/secret-ref.js';
import { checkSecurity, securityOptionsOf, securityVariables } from './security/security-config.js';
import { FILE_SW_VERSION_FORMS } from './work-orders/order-kinds/order-kind.js';

/** Sizes are PostgreSQL integers. */
const MAX_FILE_BYTES = 2_147_483_647;
const DAY_MS = 24 * 3_600_000;
/** How long the gateway's topic keeps events, see its definition. */
const GATEWAY_RETENTION_MS = 14 * DAY_MS;

/** What `main.js migrate` reads. */
export const migrationEnvironment = z
  .object({
    OPENDLS_LOG_LEVEL: serviceEnvironment.shape.OPENDLS_LOG_LEVEL,
    OPENDLS_CONFIG_POLICY_DATABASE_URL: databaseUrl(),
  })
  .transform((env) => ({ logLevel: env.OPENDLS_LOG_LEVEL, databaseUrl: env.OPENDLS_CONFIG_POLICY_DATABASE_URL }));

/** The environment of the config-policy process. Every name may also be given as `<name>_FILE`. */
export const configPolicyEnvironment = serviceEnvironment
  .extend({
    OPENDLS_SEALING_KEYS: sealingKeys(),
    OPENDLS_CONFIG_POLICY_DATABASE_URL: databaseUrl(),
    OPENDLS_CONFIG_POLICY_HOST: z.string().default('127.0.0.1'),
    OPENDLS_CONFIG_POLICY_PORT: port().default(8_082),
    OPENDLS_CONFIG_POLICY_INSTANCE_ID: instanceId().optional(),
    OPENDLS_CONFIG_POLICY_POLICY_DIR: z.string().optional(),
    OPENDLS_CONFIG_POLICY_DATABASE_POOL_SIZE: integer({ min: 2, max: 200 }).default(10),
    OPENDLS_CONFIG_POLICY_BATCH_SIZE: integer({ min: 1, max: 2_000 }).default(DEFAULT_SETTINGS.batchSize),
    OPENDLS_CONFIG_POLICY_MAX_ATTEMPTS: integer({ min: 1, max: 1_000 }).default(DEFAULT_SETTINGS.maxAttempts),
    OPENDLS_CONFIG_POLICY_ORDER_EXPIRY_MS: durationMs({ min: 1_000 }).default(DEFAULT_SETTINGS.orderExpiryMs),
    OPENDLS_CONFIG_POLICY_RETRY_FAILED_AFTER_MS: durationMs().default(DEFAULT_SETTINGS.retryFailedAfterMs),
    OPENDLS_CONFIG_POLICY_MAINTENANCE_INTERVAL_MS: durationMs({ min: 50 }).default(
      DEFAULT_SETTINGS.maintenanceIntervalMs,
    ),
    OPENDLS_CONFIG_POLICY_ORDER_RETENTION_MS: durationMs({ min: DAY_MS }).default(DEFAULT_SETTINGS.orderRetentionMs),
    OPENDLS_CONFIG_POLICY_PROCESSED_EVENT_RETENTION_MS: durationMs({ min: GATEWAY_RETENTION_MS }).default(
      DEFAULT_SETTINGS.processedEventRetentionMs,
    ),
    OPENDLS_CONFIG_POLICY_CONTACT_PHONES: z.enum(['true', 'false']).default('true'),
    OPENDLS_CONFIG_POLICY_CONTACT_RATE_PER_SECOND: integer({ min: 1, max: 10_000 }).default(
      DEFAULT_SETTINGS.contactRatePerSecond,
    ),
    OPENDLS_CONFIG_POLICY_CONTACT_GAP_MS: durationMs().default(DEFAULT_SETTINGS.contactGapMs),
    OPENDLS_CONFIG_POLICY_MAX_OPEN_REQUESTS: integer({ min: 1, max: 1_000 }).default(DEFAULT_SETTINGS.maxOpenRequests),
    OPENDLS_CONFIG_POLICY_FACTORY_RESET_PASSWORD_SECRET: z
      .string()
      .max(MAX_SECRET_NAME_LENGTH)
      .regex(SECRET_NAME)
      .default(DEFAULT_SETTINGS.factoryResetSecret),
    OPENDLS_CONFIG_POLICY_FILE_SW_VERSION: z.enum(FILE_SW_VERSION_FORMS).default(DEFAULT_SETTINGS.fileSwVersion),
    OPENDLS_CONFIG_POLICY_FILE_READ_AFTER_MS: durationMs({ min: 1_000 }).default(DEFAULT_SETTINGS.fileReadAfterMs),
    OPENDLS_CONFIG_POLICY_FILE_TIMEOUT_MS: durationMs({ min: 1_000 }).default(DEFAULT_SETTINGS.fileTimeoutMs),
    OPENDLS_CONFIG_POLICY_MAX_FILE_BYTES: byteSize({ min: 1_024, max: MAX_FILE_BYTES }).default(
      DEFAULT_FILE_SETTINGS.maxFileBytes,
    ),
    OPENDLS_CONFIG_POLICY_MAX_UPLOADS: integer({ min: 1, max: 100 }).default(DEFAULT_FILE_SETTINGS.maxUploads),
    OPENDLS_CONFIG_POLICY_MAX_DOWNLOADS: integer({ min: 1, max: 1_000 }).default(DEFAULT_FILE_SETTINGS.maxDownloads),
    ...securityVariables,
    OPENDLS_CONFIG_POLICY_SHUTDOWN_TIMEOUT_MS: durationMs({ min: 100 }).default(15_000),
  })
  .check(checkSecurity)
  .refine((env) => env.OPENDLS_CONFIG_POLICY_FILE_READ_AFTER_MS < env.OPENDLS_CONFIG_POLICY_FILE_TIMEOUT_MS, {
    path: ['OPENDLS_CONFIG_POLICY_FILE_READ_AFTER_MS'],
    error: 'must be less than OPENDLS_CONFIG_POLICY_FILE_TIMEOUT_MS',
  })
  .transform((env) => ({
    logLevel: env.OPENDLS_LOG_LEVEL,
    kafkaBrokers: env.OPENDLS_KAFKA_BROKERS,
    topicPrefix: env.OPENDLS_TOPIC_PREFIX,
    apiKeysFile: env.OPENDLS_API_KEYS_FILE,
    sealingKeys: env.OPENDLS_SEALING_KEYS,
    databaseUrl: env.OPENDLS_CONFIG_POLICY_DATABASE_URL,
    host: env.OPENDLS_CONFIG_POLICY_HOST,
    port: env.OPENDLS_CONFIG_POLICY_PORT,
    instanceId: env.OPENDLS_CONFIG_POLICY_INSTANCE_ID,
    policyDir: env.OPENDLS_CONFIG_POLICY_POLICY_DIR,
    poolSize: env.OPENDLS_CONFIG_POLICY_DATABASE_POOL_SIZE,
    shutdownTimeoutMs: env.OPENDLS_CONFIG_POLICY_SHUTDOWN_TIMEOUT_MS,
    security: securityOptionsOf(env),
    files: {
      maxFileBytes: env.OPENDLS_CONFIG_POLICY_MAX_FILE_BYTES,
      maxUploads: env.OPENDLS_CONFIG_POLICY_MAX_UPLOADS,
      maxDownloads: env.OPENDLS_CONFIG_POLICY_MAX_DOWNLOADS,
    },
    settings: {
      batchSize: env.OPENDLS_CONFIG_POLICY_BATCH_SIZE,
      maxAttempts: env.OPENDLS_CONFIG_POLICY_MAX_ATTEMPTS,
      orderExpiryMs: env.OPENDLS_CONFIG_POLICY_ORDER_EXPIRY_MS,
      retryFailedAfterMs: env.OPENDLS_CONFIG_POLICY_RETRY_FAILED_AFTER_MS,
      maintenanceIntervalMs: env.OPENDLS_CONFIG_POLICY_MAINTENANCE_INTERVAL_MS,
      orderRetentionMs: env.OPENDLS_CONFIG_POLICY_ORDER_RETENTION_MS,
      processedEventRetentionMs: env.OPENDLS_CONFIG_POLICY_PROCESSED_EVENT_RETENTION_MS,
      contactPhones: env.OPENDLS_CONFIG_POLICY_CONTACT_PHONES === 'true',
      contactRatePerSecond: env.OPENDLS_CONFIG_POLICY_CONTACT_RATE_PER_SECOND,
      contactGapMs: env.OPENDLS_CONFIG_POLICY_CONTACT_GAP_MS,
      maxOpenRequests: env.OPENDLS_CONFIG_POLICY_MAX_OPEN_REQUESTS,
      factoryResetSecret: env.OPENDLS_CONFIG_POLICY_FACTORY_RESET_PASSWORD_SECRET,
      fileSwVersion: env.OPENDLS_CONFIG_POLICY_FILE_SW_VERSION,
      fileReadAfterMs: env.OPENDLS_CONFIG_POLICY_FILE_READ_AFTER_MS,
      fileTimeoutMs: env.OPENDLS_CONFIG_POLICY_FILE_TIMEOUT_MS,
    },
  }));
