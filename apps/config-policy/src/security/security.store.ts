import type { WorkOrderStep } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { withoutCertificate } from './domain/secure-mode-steps.js';
import type { CertificatePurpose, DeviceCertificate, DeviceSecurity } from './domain/device-security.js';
import { DeviceCertificateEntity, DeviceSecurityEntity } from './security.entity.js';

/** A certificate with its package, while no order carries it. */
export type StoredCertificate = DeviceCertificate & { readonly sealedPackage: string | null };

export interface StoredSecurity {
  readonly security: DeviceSecurity | undefined;
  readonly certificates: readonly StoredCertificate[];
}

/** A phone that needs a certificate. */
export interface Wanting {
  readonly deviceId: string;
  readonly purpose: CertificatePurpose;
}

/** Reads and writes the security of phones. Writers hold the lock of the phone's row in `device`. */
export class SecurityStore {
  constructor(private readonly dataSource: DataSource) {}

  /** All that is stored of some phones; certificates that have ended are left out. */
  async load(
    manager: EntityManager,
    deviceIds: readonly string[],
    now: Date,
  ): Promise<ReadonlyMap<string, StoredSecurity>> {
    if (deviceIds.length === 0) return new Map();
    const rows = await manager
      .createQueryBuilder(DeviceSecurityEntity, 'security')
      .where('security.deviceId = ANY(:deviceIds)', { deviceIds })
      .getMany();
    const certificates = await manager
      .createQueryBuilder(DeviceCertificateEntity, 'certificate')
      .where('certificate.deviceId = ANY(:deviceIds)', { deviceIds })
      .andWhere('certificate.notAfter > :now', { now })
      .orderBy('certificate.issuedAt')
      .getMany();
    const of = (deviceId: string): StoredCertificate[] => certificates.filter((one) => one.deviceId === deviceId);
    const ids = new Set([...rows, ...certificates].map(({ deviceId }) => deviceId));
    return new Map(
      [...ids].map((deviceId) => {
        const security = rows.find((row) => row.deviceId === deviceId);
        return [deviceId, { security, certificates: of(deviceId) }];
      }),
    );
  }

  async find(deviceId: string, now: Date): Promise<StoredSecurity> {
    const known = await this.load(this.dataSource.manager, [deviceId], now);
    return known.get(deviceId) ?? { security: undefined, certificates: [] };
  }

  /** Locks phones, in the order in which everybody locks them; those that do not exist are missing. */
  async lockDevices(tx: Tx, deviceIds: readonly string[]): Promise<string[]> {
    const rows: { device_id: string }[] = await tx.query(
      'SELECT device_id FROM device WHERE device_id = ANY($1) ORDER BY device_id FOR UPDATE',
      [deviceIds],
    );
    return rows.map(({ device_id }) => device_id);
  }

  /** Has phones compared again soon: their orders are planned and their directives sent. */
  async touchDevices(tx: Tx, deviceIds: readonly string[]): Promise<void> {
    await tx.query('UPDATE device SET planned_version = 0 WHERE device_id = ANY($1)', [deviceIds]);
  }

  async save(tx: Tx, securities: readonly DeviceSecurity[]): Promise<void> {
    if (securities.length > 0) await tx.upsert(DeviceSecurityEntity, [...securities], ['deviceId']);
  }

  async saveCertificates(tx: Tx, deviceId: string, certificates: readonly DeviceCertificate[]): Promise<void> {
    const rows = certificates.map((one) => ({ ...one, deviceId }));
    if (rows.length > 0) await tx.upsert(DeviceCertificateEntity, rows, ['serialNumber']);
  }

  /** From now on an order carries the package. */
  async forgetPackage(tx: Tx, serialNumber: string): Promise<void> {
    await tx.update(DeviceCertificateEntity, { serialNumber }, { sealedPackage: null });
  }

  /** Takes the certificate and its key out of orders that are closed. */
  async forgetSteps(
    tx: Tx,
    orders: readonly { readonly orderId: string; readonly steps: readonly WorkOrderStep[] }[],
  ): Promise<void> {
    for (const { orderId, steps } of orders) {
      await tx.query('UPDATE work_order SET steps = $2::json WHERE order_id = $1', [
        orderId,
        JSON.stringify(withoutCertificate(steps)),
      ]);
    }
  }

  /** Phones that need a certificate: those that were asked for, then those whose certificate ends soon. */
  async findWanting(now: Date, renewBefore: Date, limit: number): Promise<Wanting[]> {
    return this.dataSource.query(
      `(SELECT device_id AS "deviceId", 'secure-mode' AS purpose FROM device_security
        WHERE mode = 'requested' AND pending_serial IS NULL ORDER BY mode_since, device_id LIMIT $3)
       UNION ALL
       (SELECT s.device_id, 'certificate-renewal' FROM device_certificate c JOIN device_security s USING (device_id)
        WHERE c.state = 'active' AND c.not_after < $2 AND c.not_after > $1 AND s.mode = 'secure' AND s.pending_serial IS NULL
          AND (s.renew_after IS NULL OR s.renew_after < $1)
        ORDER BY c.not_after, s.device_id LIMIT $3)
       LIMIT $3`,
      [now, renewBefore, limit],
    );
  }

  /** Phones that accepted and did not come in time. Returns their ids; the ones that somebody works on are left for later. */
  async failLate(tx: Tx, now: Date, limit: number): Promise<string[]> {
    const [rows]: [{ device_id: string }[]] = await tx.query(
      `UPDATE device_security SET mode = 'failed', mode_since = $1, failure_code = 'not-seen-on-secure-listener',
         pending_serial = NULL, bootstrap_contact_id = NULL, bootstrap_deadline = NULL
       WHERE mode = 'bootstrapping' AND bootstrap_deadline < $1 AND device_id IN (
         SELECT d.device_id FROM device d JOIN device_security s USING (device_id)
         WHERE s.mode = 'bootstrapping' AND s.bootstrap_deadline < $1
         ORDER BY d.device_id LIMIT $2 FOR UPDATE OF d SKIP LOCKED)
       RETURNING device_id`,
      [now, limit],
    );
    return rows.map(({ device_id }) => device_id);
  }
}
