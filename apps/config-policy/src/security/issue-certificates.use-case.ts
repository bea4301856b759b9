import { createPkcs12, seal, type CertificateAuthority, type SealingKeys } from '@opendls/crypto';
import { sealContext } from '@opendls/event-contracts';
import type { Logger } from '@opendls/logging';
import type { UnitOfWork } from '@opendls/postgres';
import type { DeviceCertificate } from './domain/device-security.js';
import { CLIENT_CERTIFICATE_ITEM } from './domain/secure-mode-steps.js';
import type { SecuritySettings } from './security-settings.js';
import type { SecurityStore, Wanting } from './security.store.js';

const DAY_MS = 86_400_000;
/** Making a key takes a processor some tenths of a second: a round is short, so that phones that fail are noticed in between. */
const PER_ROUND = 20;
const LATE_PER_ROUND = 500;

/**
 * What has to be done for Secure Mode without phones being in contact: certificates are made for phones that were asked into it
 * and for those whose certificate ends soon; phones that accepted and did not come are told of. Any replica may do it.
 */
export class IssueCertificates {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SecurityStore,
    private readonly authority: CertificateAuthority,
    private readonly settings: SecuritySettings,
    private readonly keys: SealingKeys,
    private readonly clock: () => Date,
    private readonly logger: Logger,
  ) {}

  /** One round. Stops early when aborted. */
  async execute(signal: AbortSignal): Promise<void> {
    await this.failLate();
    const now = this.clock();
    const renewBefore = new Date(now.getTime() + this.settings.renewBeforeDays * DAY_MS);
    for (const wanting of await this.store.findWanting(now, renewBefore, PER_ROUND)) {
      if (signal.aborted) return;
      await this.issue(wanting);
    }
  }

  private async failLate(): Promise<void> {
    const late = await this.unitOfWork.run((tx) => this.store.failLate(tx, this.clock(), LATE_PER_ROUND));
    for (const deviceId of late) {
      this.logger.warn({ deviceId, code: 'not-seen-on-secure-listener' }, 'phone did not come in Secure Mode');
    }
  }

  private async issue({ deviceId, purpose }: Wanting): Promise<void> {
    const { clientCertificateDays, pkcs12Passphrase: passphrase, pkcs12Cipher: cipher } = this.settings;
    const { authority } = this;
    const now = this.clock();
    // Outside of the transaction: it takes long, and nobody shall wait for the phone meanwhile.
    const made = await authority.issueClientCertificate({ commonName: deviceId, days: clientCertificateDays, now });
    const packed = createPkcs12({ ...made, chain: authority.chain, passphrase, cipher, friendlyName: deviceId });
    const sealedPackage = seal(this.keys, packed, sealContext(deviceId, CLIENT_CERTIFICATE_ITEM));
    const { serialNumber, notAfter } = made;
    const certificate: DeviceCertificate & { readonly sealedPackage: string } = {
      ...{ serialNumber, purpose, issuedAt: now, notAfter, sealedPackage },
      state: 'issued',
      ...{ seenAt: null, revokedAt: null, revokedBy: null, revokedReason: null },
    };
    const isIssued = await this.unitOfWork.run(async (tx) => {
      const locked = await this.store.lockDevices(tx, [deviceId]);
      const { security } = (await this.store.load(tx, locked, now)).get(deviceId) ?? {};
      const wantedMode = purpose === 'secure-mode' ? 'requested' : 'secure';
      // Another replica was faster, or nobody wants it any more.
      if (security?.mode !== wantedMode || security.pendingSerial !== null) return false;
      await this.store.saveCertificates(tx, deviceId, [certificate]);
      await this.store.save(tx, [{ ...security, pendingSerial: serialNumber }]);
      await this.store.touchDevices(tx, [deviceId]);
      return true;
    });
    if (isIssued) this.logger.info({ deviceId, serialNumber, purpose, notAfter }, 'client certificate issued');
  }
}
