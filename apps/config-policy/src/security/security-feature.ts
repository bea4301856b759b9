import { CertificateAuthority, splitPem, type SealingKeys } from '@opendls/crypto';
import type { Logger } from '@opendls/logging';
import type { UnitOfWork } from '@opendls/postgres';
import type { DynamicModule } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { SecureService } from './domain/secure-mode-steps.js';
import { IssueCertificates } from './issue-certificates.use-case.js';
import { SecureModeFeature } from './secure-mode-rules.js';
import { SecureModeService } from './secure-mode.service.js';
import { SecurityReportService } from './security-report.service.js';
import { SecurityReportStore } from './security-report.store.js';
import { DEFAULT_SECURITY, type SecurityOptions, type SecuritySettings } from './security-settings.js';
import { SecurityModule } from './security.module.js';
import { SecurityStore } from './security.store.js';

/** Phones are given two certificates of authorities (PROTOCOL 7.1). */
const MAX_SERVER_AUTHORITIES = 2;

/** Secure Mode, wired: what the service takes from it. */
export interface SecurityFeature {
  readonly rules: SecureModeFeature;
  readonly module: DynamicModule;
  readonly reports: SecurityReportStore;
  /** One round of what is to be done without phones; undefined: there is no certificate authority. */
  readonly maintain: ((signal: AbortSignal) => Promise<void>) | undefined;
}

export interface SecurityParts {
  readonly dataSource: DataSource;
  readonly unitOfWork: UnitOfWork;
  readonly sealingKeys: SealingKeys;
  readonly clock: () => Date;
  readonly logger: Logger;
}

/** What was made of the options: read once, before anything starts. */
export interface SecurityAuthority {
  readonly options: SecurityOptions;
  readonly authority: CertificateAuthority;
}

/** @throws CryptoError `certificate-authority-invalid` */
export async function openAuthority(options: SecurityOptions | undefined): Promise<SecurityAuthority | undefined> {
  if (options === undefined) return undefined;
  return { options, authority: await CertificateAuthority.open(options.authority) };
}

/** Without an authority phones stay where they are, and nobody can be asked into Secure Mode. */
export function createSecurity(parts: SecurityParts, opened: SecurityAuthority | undefined): SecurityFeature {
  const { dataSource, unitOfWork, sealingKeys, clock, logger } = parts;
  const settings: SecuritySettings = { ...DEFAULT_SECURITY, ...definedOf(opened?.options ?? {}) };
  const store = new SecurityStore(dataSource);
  const reports = new SecurityReportStore(dataSource);
  const secureMode = new SecureModeService(unitOfWork, store, reports, opened !== undefined, clock);
  const report = new SecurityReportService(reports, clock, settings.renewBeforeDays, opened?.authority);
  const issue =
    opened && new IssueCertificates(unitOfWork, store, opened.authority, settings, sealingKeys, clock, logger);
  return {
    rules: new SecureModeFeature(store, serviceOf(opened, settings), settings.bootstrapTimeoutMs),
    module: SecurityModule.register(secureMode, report),
    reports,
    maintain: issue && ((signal) => issue.execute(signal)),
  };
}

function serviceOf(
  opened: SecurityAuthority | undefined,
  { securePhonePort }: SecuritySettings,
): SecureService | undefined {
  if (opened === undefined) return undefined;
  const { options, authority } = opened;
  const given = options.serverAuthorities === undefined ? authority.chain : splitPem(options.serverAuthorities);
  return { serverAuthorities: given.slice(0, MAX_SERVER_AUTHORITIES), securePhonePort };
}

function definedOf(options: Partial<SecuritySettings>): Partial<SecuritySettings> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
