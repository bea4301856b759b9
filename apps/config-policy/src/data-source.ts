import { silentLogger, type Logger } from '@opendls/logging';
import { migrateDatabase, type PostgresOptions } from '@opendls/postgres';
import { DeviceEntity, DeviceReportEntity } from './devices/device.entity.js';
import { ReportFragmentEntity } from './devices/report-fragment.entity.js';
import { FileChunkEntity, FileContentEntity, FileEntity } from './files/file.entity.js';
import { CreateConfigPolicy1767225600000 } from './migrations/1767225600000-create-config-policy.js';
import { AddOrderKinds1796256000000 } from './migrations/1796256000000-add-order-kinds.js';
import { AddWaking1796256060000 } from './migrations/1796256060000-add-waking.js';
import { AddFiles1796256100000 } from './migrations/1796256100000-add-files.js';
import { CreateSecurity1796342400000 } from './migrations/1796342400000-create-security.js';
import { CreateMobileUsers1796428800000 } from './migrations/1796428800000-create-mobile-users.js';
import { MobileUserDataEntity, MobileUserEntity } from './mobile-users/mobile-user.entity.js';
import { PolicyEntity, PolicyRevisionEntity, PolicyVersionEntity } from './policies/policy.entity.js';
import { SecretEntity } from './secrets/secret.entity.js';
import { DeviceCertificateEntity, DeviceSecurityEntity, SecurityRollOutEntity } from './security/security.entity.js';
import { ContactRateEntity } from './waking/contact-rate.entity.js';
import { WorkOrderEntity } from './work-orders/work-order.entity.js';

const ENTITIES = [
  PolicyEntity,
  PolicyRevisionEntity,
  PolicyVersionEntity,
  SecretEntity,
  DeviceEntity,
  DeviceReportEntity,
  ReportFragmentEntity,
  WorkOrderEntity,
  FileEntity,
  FileContentEntity,
  FileChunkEntity,
  ContactRateEntity,
  DeviceSecurityEntity,
  DeviceCertificateEntity,
  SecurityRollOutEntity,
  MobileUserEntity,
  MobileUserDataEntity,
];
const MIGRATIONS = [
  CreateConfigPolicy1767225600000,
  AddOrderKinds1796256000000,
  AddWaking1796256060000,
  AddFiles1796256100000,
  CreateSecurity1796342400000,
  CreateMobileUsers1796428800000,
];

/** How the database of config-policy is connected to. */
export function databaseOptions(url: string, logger: Logger, poolSize?: number): PostgresOptions {
  return { url, name: 'opendls-config-policy', entities: ENTITIES, migrations: MIGRATIONS, poolSize, logger };
}

/** Brings the database to the schema of this version; the names of the migrations that were missing. */
export async function migrateConfigPolicy(url: string, logger: Logger = silentLogger()): Promise<readonly string[]> {
  return migrateDatabase(databaseOptions(url, logger));
}
