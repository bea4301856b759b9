import type { Tx } from '@opendls/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import type { CertificateState, DeviceCertificate, Listener, SecurityMode } from './domain/device-security.js';
import { DeviceCertificateEntity, SecurityRollOutEntity } from './security.entity.js';

/** Which phones a roll-out asks. */
export interface RollOutSelection {
  readonly deviceIds?: readonly string[];
  /** Globs, as in policies. */
  readonly deviceType?: string;
  readonly softwareVersion?: string;
  /** Most phones it asks. */
  readonly limit: number;
}

export interface RollOut extends SecurityRollOutEntity {
  /** Its phones by where they stand now; one that a later request asked is not among them. */
  readonly progress: Readonly<Partial<Record<SecurityMode, number>>>;
  /** Some of the phones it failed with. */
  readonly failed: readonly { readonly deviceId: string; readonly failureCode: string | null }[];
}

/** A phone as the report lists it. */
export interface ReportedPhone {
  readonly deviceId: string;
  readonly mode: SecurityMode;
  readonly modeSince: Date | null;
  readonly failureCode: string | null;
  readonly listener: Listener | null;
  readonly refusedOpenings: number;
  readonly deviceType: string | null;
  readonly softwareVersion: string | null;
  readonly lastSeenAt: Date;
}

export interface SecurityCounts {
  readonly devices: number;
  readonly byMode: Readonly<Partial<Record<SecurityMode, number>>>;
  /** `unknown`: not seen since this is recorded. */
  readonly byListener: Readonly<Partial<Record<Listener | 'unknown', number>>>;
  readonly certificates: Readonly<Partial<Record<CertificateState, number>>>;
  readonly expiringCertificates: number;
  readonly expiredCertificates: number;
  /** Phones as which somebody else came, or they themselves without their certificate. */
  readonly phonesWithRefusedOpenings: number;
}

const FAILED_SHOWN = 100;
const COUNT_BY_MODE = `SELECT coalesce(s.mode, 'default') AS name, count(*)::integer AS count
  FROM device d LEFT JOIN device_security s USING (device_id) GROUP BY 1`;

/** Reads what reports show. */
export class SecurityReportStore {
  constructor(private readonly dataSource: DataSource) {}

  async hasDevice(deviceId: string): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query('SELECT 1 FROM device WHERE device_id = $1', [deviceId]);
    return rows.length > 0;
  }

  /** Newest first. */
  async listCertificates(deviceId: string): Promise<DeviceCertificate[]> {
    return this.dataSource.manager
      .createQueryBuilder(DeviceCertificateEntity, 'certificate')
      .where('certificate.deviceId = :deviceId', { deviceId })
      .orderBy('certificate.issuedAt', 'DESC')
      .addOrderBy('certificate.serialNumber')
      .limit(100)
      .getMany();
  }

  async findCertificate(
    manager: EntityManager,
    deviceId: string,
    serialNumber: string,
  ): Promise<DeviceCertificate | undefined> {
    const row = await manager.findOneBy(DeviceCertificateEntity, { deviceId, serialNumber });
    return row ?? undefined;
  }

  /** Locks the phones that are neither in Secure Mode nor on their way to it; those seen last come first. */
  async selectForRollOut(tx: Tx, selection: RollOutSelection): Promise<string[]> {
    const { deviceIds, deviceType, softwareVersion, limit } = selection;
    const rows: { device_id: string }[] = await tx.query(
      `SELECT device_id FROM device WHERE device_id IN (
         SELECT d.device_id FROM device d LEFT JOIN device_security s USING (device_id)
         WHERE coalesce(s.mode, 'default') IN ('default', 'failed')
           AND ($1::text[] IS NULL OR d.device_id = ANY($1))
           AND ($2::text IS NULL OR d.device_type ILIKE $2)
           AND ($3::text IS NULL OR d.software_version ILIKE $3)
         ORDER BY d.last_seen_at DESC, d.device_id LIMIT $4)
       ORDER BY device_id FOR UPDATE`,
      [deviceIds ?? null, likeOf(deviceType), likeOf(softwareVersion), limit],
    );
    return rows.map(({ device_id }) => device_id);
  }

  async saveRollOut(tx: Tx, rollOut: SecurityRollOutEntity): Promise<void> {
    await tx.save(SecurityRollOutEntity, rollOut);
  }

  async findRollOut(rollOutId: string): Promise<RollOut | undefined> {
    const found = await this.dataSource.manager.findOneBy(SecurityRollOutEntity, { rollOutId });
    if (found === null) return undefined;
    const counts: Count<SecurityMode>[] = await this.dataSource.query(
      'SELECT mode AS name, count(*)::integer AS count FROM device_security WHERE roll_out_id = $1 GROUP BY mode',
      [rollOutId],
    );
    const failed: RollOut['failed'] = await this.dataSource.query(
      `SELECT device_id AS "deviceId", failure_code AS "failureCode" FROM device_security
       WHERE roll_out_id = $1 AND mode = 'failed' ORDER BY device_id LIMIT $2`,
      [rollOutId, FAILED_SHOWN],
    );
    return { ...found, progress: toRecord(counts), failed };
  }

  async count(now: Date, renewBefore: Date): Promise<SecurityCounts> {
    const byMode: Count<SecurityMode>[] = await this.dataSource.query(COUNT_BY_MODE);
    const byListener: Count<Listener | 'unknown'>[] = await this.dataSource.query(
      `SELECT coalesce(s.listener, 'unknown') AS name, count(*)::integer AS count
       FROM device d LEFT JOIN device_security s USING (device_id) GROUP BY 1`,
    );
    const certificates: Count<CertificateState>[] = await this.dataSource.query(
      'SELECT state AS name, count(*)::integer AS count FROM device_certificate GROUP BY state',
    );
    const [ends]: { expiring: number; expired: number; refused: number }[] = await this.dataSource.query(
      `SELECT (SELECT count(*)::integer FROM device_certificate
               WHERE state = 'active' AND not_after > $1 AND not_after < $2) AS expiring,
              (SELECT count(*)::integer FROM device_certificate WHERE state = 'active' AND not_after <= $1) AS expired,
              (SELECT count(*)::integer FROM device_security WHERE refused_openings > 0) AS refused`,
      [now, renewBefore],
    );
    return {
      devices: byMode.reduce((sum, { count }) => sum + count, 0),
      byMode: toRecord(byMode),
      byListener: toRecord(byListener),
      certificates: toRecord(certificates),
      expiringCertificates: ends?.expiring ?? 0,
      expiredCertificates: ends?.expired ?? 0,
      phonesWithRefusedOpenings: ends?.refused ?? 0,
    };
  }

  /** For metrics. */
  async countByMode(): Promise<{ readonly labels: { readonly mode: SecurityMode }; readonly count: number }[]> {
    const counts: Count<SecurityMode>[] = await this.dataSource.query(COUNT_BY_MODE);
    return counts.map(({ name, count }) => ({ labels: { mode: name }, count }));
  }

  /** Phones that are not in Secure Mode, in the order of their ids. */
  async listInsecure(after: string | undefined, limit: number): Promise<ReportedPhone[]> {
    return this.dataSource.query(
      `SELECT d.device_id AS "deviceId", coalesce(s.mode, 'default') AS mode, s.mode_since AS "modeSince",
         s.failure_code AS "failureCode", s.listener, coalesce(s.refused_openings, 0) AS "refusedOpenings",
         d.device_type AS "deviceType", d.software_version AS "softwareVersion", d.last_seen_at AS "lastSeenAt"
       FROM device d LEFT JOIN device_security s USING (device_id)
       WHERE coalesce(s.mode, 'default') <> 'secure' AND ($1::text IS NULL OR d.device_id > $1)
       ORDER BY d.device_id LIMIT $2`,
      [after ?? null, limit],
    );
  }
}

interface Count<Name extends string> {
  readonly name: Name;
  readonly count: number;
}

function toRecord<Name extends string>(counts: readonly Count<Name>[]): Partial<Record<Name, number>> {
  // Object.fromEntries forgets the names of the keys.
  return Object.fromEntries(counts.map(({ name, count }) => [name, count])) as Partial<Record<Name, number>>;
}

/** A glob as a pattern of LIKE; case does not count, as in policies. */
export function likeOf(glob: string | undefined): string | null {
  if (glob === undefined) return null;
  return glob
    .replaceAll(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');
}
