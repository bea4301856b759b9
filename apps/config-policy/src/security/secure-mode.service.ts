import { randomUUID } from 'node:crypto';
import type { Tx, UnitOfWork } from '@opendls/postgres';
import { DeviceError } from '../devices/devices.errors.js';
import { failedWith, unknownSecurity, type DeviceCertificate, type DeviceSecurity } from './domain/device-security.js';
import { SecurityError } from './security.errors.js';
import type { SecurityReportStore, RollOut, RollOutSelection } from './security-report.store.js';
import type { SecurityStore } from './security.store.js';

/** A phone as the API shows it. */
export interface SecurityView {
  readonly security: DeviceSecurity;
  readonly certificates: readonly DeviceCertificate[];
}

/** Asks phones into Secure Mode and out of it, and takes back certificates. */
export class SecureModeService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SecurityStore,
    private readonly reports: SecurityReportStore,
    /** Without a certificate authority nobody can be asked into Secure Mode. */
    readonly isConfigured: boolean,
    private readonly clock: () => Date,
  ) {}

  async get(deviceId: string): Promise<SecurityView> {
    if (!(await this.reports.hasDevice(deviceId))) throw notFound();
    const { security } = await this.store.find(deviceId, this.clock());
    const certificates = await this.reports.listCertificates(deviceId);
    return { security: security ?? unknownSecurity(deviceId, this.clock()), certificates };
  }

  /** The phone gets its certificate at its next contact; with `contactNow` it is woken for it. */
  async request(deviceId: string, by: string, contactNow: boolean): Promise<SecurityView> {
    this.requireConfigured();
    await this.change(deviceId, (security, now) => {
      if (security.mode === 'secure') throw new SecurityError('secure-mode-reached', 'nothing is to be done');
      if (security.mode !== 'default' && security.mode !== 'failed') {
        throw new SecurityError('secure-mode-under-way', 'it was asked for before');
      }
      return asked(security, by, now, contactNow, null);
    });
    return this.get(deviceId);
  }

  /**
   * Takes a phone back to Default Mode, after a factory reset took its certificate: from now on whoever claims to be this phone
   * is believed without one.
   */
  async reset(deviceId: string, by: string, revokeCertificates: boolean): Promise<SecurityView> {
    await this.change(
      deviceId,
      (_security, now) => unknownSecurity(deviceId, now),
      revokeCertificates ? by : undefined,
    );
    return this.get(deviceId);
  }

  async revoke(deviceId: string, serialNumber: string, by: string, reason: string): Promise<DeviceCertificate> {
    return this.unitOfWork.run(async (tx) => {
      await this.lock(tx, deviceId);
      const certificate = await this.reports.findCertificate(tx, deviceId, serialNumber);
      if (certificate === undefined) throw new SecurityError('certificate-not-found', 'no certificate has this number');
      if (certificate.state === 'revoked') return certificate;
      const revoked = revokedBy(certificate, by, reason, this.clock());
      await this.store.saveCertificates(tx, deviceId, [revoked]);
      await this.store.forgetPackage(tx, serialNumber);
      const now = this.clock();
      const security = (await this.store.load(tx, [deviceId], now)).get(deviceId)?.security;
      // A phone that got it now would be locked out: its order is called off.
      if (security?.pendingSerial === serialNumber) {
        await this.store.save(tx, [failedWith(security, 'certificate-revoked', now)]);
      }
      await this.store.touchDevices(tx, [deviceId]);
      return revoked;
    });
  }

  /** Asks many phones at once; those in Secure Mode, and on their way to it, are left out. */
  async rollOut(selection: RollOutSelection, by: string): Promise<RollOut> {
    this.requireConfigured();
    const rollOutId = randomUUID();
    await this.unitOfWork.run(async (tx) => {
      const now = this.clock();
      const deviceIds = await this.reports.selectForRollOut(tx, selection);
      const known = await this.store.load(tx, deviceIds, now);
      const of = (deviceId: string): DeviceSecurity => known.get(deviceId)?.security ?? unknownSecurity(deviceId, now);
      await this.store.save(
        tx,
        deviceIds.map((deviceId) => asked(of(deviceId), by, now, false, rollOutId)),
      );
      await this.reports.saveRollOut(tx, {
        ...{ rollOutId, selection: { ...selection }, deviceCount: deviceIds.length, createdAt: now, createdBy: by },
      });
    });
    return this.getRollOut(rollOutId);
  }

  async getRollOut(rollOutId: string): Promise<RollOut> {
    const found = await this.reports.findRollOut(rollOutId);
    if (found === undefined) throw new SecurityError('roll-out-not-found', 'no roll-out has this id');
    return found;
  }

  private async change(
    deviceId: string,
    become: (security: DeviceSecurity, now: Date) => DeviceSecurity,
    revokedFor?: string,
  ): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      await this.lock(tx, deviceId);
      const now = this.clock();
      const { security, certificates = [] } = (await this.store.load(tx, [deviceId], now)).get(deviceId) ?? {};
      await this.store.save(tx, [become(security ?? unknownSecurity(deviceId, now), now)]);
      if (revokedFor !== undefined) {
        const open = certificates.filter(({ state }) => state !== 'revoked');
        const revoked = open.map(({ sealedPackage: _gone, ...one }) => ({
          ...revokedBy(one, revokedFor, 'secure-mode-reset', now),
          sealedPackage: null,
        }));
        await this.store.saveCertificates(tx, deviceId, revoked);
      }
      await this.store.touchDevices(tx, [deviceId]);
    });
  }

  private async lock(tx: Tx, deviceId: string): Promise<void> {
    if ((await this.store.lockDevices(tx, [deviceId])).length === 0) throw notFound();
  }

  private requireConfigured(): void {
    if (this.isConfigured) return;
    throw new SecurityError('secure-mode-not-configured', 'set OPENDLS_CONFIG_POLICY_CA_KEY and ..._CA_CERT');
  }
}

function asked(
  security: DeviceSecurity,
  requestedBy: string,
  now: Date,
  wantsContactNow: boolean,
  rollOutId: string | null,
): DeviceSecurity {
  return {
    ...security,
    ...{ mode: 'requested', modeSince: now, failureCode: null, pendingSerial: null },
    ...{ requestedBy, wantsContactNow, rollOutId },
  };
}

function revokedBy(certificate: DeviceCertificate, by: string, reason: string, at: Date): DeviceCertificate {
  return { ...certificate, state: 'revoked', revokedAt: at, revokedBy: by, revokedReason: reason };
}

function notFound(): DeviceError {
  return new DeviceError('device-not-found', 'no phone with this id has been seen');
}
