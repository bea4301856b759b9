import type { DeviceDirective, DeviceId } from '@opendls/event-contracts';

const WORK_PENDING = 1;
const REQUIRES_SECURE_MODE = 2;

const MAC = /^[0-9a-f]{12}$/;

/** A MAC as a number takes half the memory of the text and fits exactly. */
type Key = number | string;

/**
 * What config-policy says of every phone before it calls, all of it in memory: a poll or a contact must not wait for a
 * question. A phone about which nothing is said takes nothing: no work, Default Mode.
 */
export class DeviceDirectives {
  private readonly flags = new Map<Key, number>();
  /** Few phones have any. */
  private readonly revoked = new Map<Key, readonly string[]>();
  private hasEverything = false;

  /** Phones about which anything is said. */
  get size(): number {
    return this.flags.size;
  }

  /** Whether everything that was said before this gateway started is known. */
  get isCaughtUp(): boolean {
    return this.hasEverything;
  }

  noteCaughtUp(): void {
    this.hasEverything = true;
  }

  set(directive: DeviceDirective): void {
    const { deviceId, isWorkPending, requiresSecureMode, revokedCertificates } = directive;
    const key = keyOf(deviceId);
    const flags = (isWorkPending ? WORK_PENDING : 0) | (requiresSecureMode ? REQUIRES_SECURE_MODE : 0);
    if (revokedCertificates.length > 0) this.revoked.set(key, revokedCertificates.map(plainSerial));
    else this.revoked.delete(key);
    if (flags > 0 || revokedCertificates.length > 0) this.flags.set(key, flags);
    else this.flags.delete(key);
  }

  /** Nothing is said of the phone any more. */
  remove(deviceId: string): void {
    const key = keyOf(deviceId);
    this.flags.delete(key);
    this.revoked.delete(key);
  }

  /** Whether a DCMP poll of the phone is answered 202 (PROTOCOL 8.2). */
  isWorkPending(deviceId: DeviceId): boolean {
    return ((this.flags.get(keyOf(deviceId)) ?? 0) & WORK_PENDING) !== 0;
  }

  /** Whether the phone was seen in Secure Mode, and has to stay there (PROTOCOL 7.2). */
  requiresSecureMode(deviceId: DeviceId): boolean {
    return ((this.flags.get(keyOf(deviceId)) ?? 0) & REQUIRES_SECURE_MODE) !== 0;
  }

  isRevoked(deviceId: DeviceId, serialNumber: string): boolean {
    return this.revoked.get(keyOf(deviceId))?.includes(plainSerial(serialNumber)) ?? false;
  }
}

function keyOf(deviceId: string): Key {
  return MAC.test(deviceId) ? Number.parseInt(deviceId, 16) : deviceId;
}

/** Serial numbers are numbers: some write zeros in front of them. */
export function plainSerial(serialNumber: string): string {
  return serialNumber.toLowerCase().replace(/^0+(?=.)/, '');
}
