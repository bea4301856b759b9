import type { DeviceId, PhoneConnection } from '@opendls/event-contracts';
import type { DeviceDirectives } from './device-directives.js';

/** The client certificate of a connection; the TLS layer has checked its chain. */
export interface ShownCertificate {
  /** Who it was made for: its common name, if that is a device id. */
  readonly deviceId: DeviceId | undefined;
  /** Hex, lower case. */
  readonly serialNumber: string;
  readonly notAfter: Date;
}

export type ModeRefusal =
  | 'secure-mode-required'
  | 'certificate-missing'
  | 'certificate-mismatch'
  | 'certificate-expired'
  | 'certificate-revoked';

/**
 * Whether a phone may talk where it talks (PROTOCOL 7.2, 7.4): one that was seen in Secure Mode only there, and there only
 * with its own certificate.
 */
export class ModeCheck {
  constructor(
    private readonly directives: DeviceDirectives,
    private readonly now: () => Date,
  ) {}

  refusal(
    deviceId: DeviceId,
    listener: PhoneConnection['listener'],
    certificate: ShownCertificate | undefined,
  ): ModeRefusal | undefined {
    if (listener !== 'secure') return this.directives.requiresSecureMode(deviceId) ? 'secure-mode-required' : undefined;
    if (certificate === undefined) return 'certificate-missing';
    if (certificate.deviceId !== deviceId) return 'certificate-mismatch';
    // A resumed TLS session was checked when it was made.
    if (certificate.notAfter.getTime() <= this.now().getTime()) return 'certificate-expired';
    return this.directives.isRevoked(deviceId, certificate.serialNumber) ? 'certificate-revoked' : undefined;
  }
}
