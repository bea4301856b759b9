import type { ContactOpened, DeviceDirective } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { EntityManager } from 'typeorm';
import type { DeviceState } from '../devices/domain/device-state.js';
import type { FeatureDevice, FeatureRules, PlannedOrder } from '../devices/domain/feature-rules.js';
import type { FeatureLoader } from '../devices/feature-loader.js';
import type { WorkOrder } from '../work-orders/domain/work-order.js';
import {
  accepted,
  certificatesSeen,
  countRefused,
  directiveOf,
  failedWith,
  isBelievable,
  seenOn,
  unknownSecurity,
  type DeviceCertificate,
  type DeviceSecurity,
} from './domain/device-security.js';
import { renewalSteps, secureModeSteps, type SecureService } from './domain/secure-mode-steps.js';
import type { SecurityStore, StoredSecurity } from './security.store.js';

const NAME = 'secure-mode';
/** A renewal that did not work is tried again after a day: the old certificate still holds for weeks. */
const RENEWAL_REST_MS = 24 * 3_600_000;

/** Loads the rules of Secure Mode for the phones of a transaction. */
export class SecureModeFeature implements FeatureLoader {
  constructor(
    private readonly store: SecurityStore,
    /** undefined: there is no certificate authority; phones that are in Secure Mode stay there. */
    private readonly service: SecureService | undefined,
    private readonly bootstrapTimeoutMs: number,
  ) {}

  async load(
    manager: EntityManager,
    states: ReadonlyMap<string, DeviceState>,
    _events: unknown,
    now: Date,
  ): Promise<SecureModeRules> {
    const stored = await this.store.load(manager, [...states.keys()], now);
    return new SecureModeRules(stored, this.store, this.service, this.bootstrapTimeoutMs, now);
  }
}

/** What Secure Mode has to say about the phones of one transaction (PROTOCOL 7.2). */
export class SecureModeRules implements FeatureRules {
  readonly name = NAME;
  private readonly phones = new Map<string, Phone>();
  private readonly closedOrders: WorkOrder[] = [];

  constructor(
    private readonly stored: ReadonlyMap<string, StoredSecurity>,
    private readonly store: SecurityStore,
    private readonly service: SecureService | undefined,
    private readonly bootstrapTimeoutMs: number,
    private readonly now: Date,
  ) {}

  believes({ deviceId }: DeviceState, opening: ContactOpened): boolean {
    const phone = this.phone(deviceId);
    if (isBelievable(phone.security, phone.certificates, opening)) return true;
    phone.become(countRefused(phone.security, this.now));
    return false;
  }

  onOpened({ state }: FeatureDevice, opening: ContactOpened): readonly PlannedOrder[] {
    const phone = this.phone(state.deviceId);
    const shown = opening.connection.clientCertificate;
    if (opening.connection.listener === 'secure' && shown !== undefined) {
      for (const one of certificatesSeen(phone.certificates, shown, this.now)) phone.put(one);
    }
    phone.become(seenOn(phone.security, opening, this.now));
    return this.plan(phone);
  }

  onReplan({ state }: FeatureDevice): readonly PlannedOrder[] {
    return this.plan(this.phone(state.deviceId));
  }

  onOrderClosed({ state }: FeatureDevice, order: WorkOrder): readonly PlannedOrder[] {
    if (order.kind !== 'secure-mode' && order.kind !== 'certificate-renewal') return [];
    this.closedOrders.push(order);
    const phone = this.phone(state.deviceId);
    const { security } = phone;
    if (security.pendingSerial === null || order.parameters['serialNumber'] !== security.pendingSerial) return [];
    if (order.kind === 'certificate-renewal') {
      const renewAfter = new Date(this.now.getTime() + RENEWAL_REST_MS);
      phone.become({ ...security, pendingSerial: null, renewAfter });
    } else if (order.state === 'done') {
      phone.become(accepted(security, order.contactId, this.now, this.bootstrapTimeoutMs));
    } else {
      phone.become(failedWith(security, order.failureCode ?? `order-${order.state}`, this.now));
    }
    return [];
  }

  isObsolete({ deviceId }: DeviceState, order: WorkOrder): boolean {
    if (order.kind !== 'secure-mode' && order.kind !== 'certificate-renewal') return false;
    return order.parameters['serialNumber'] !== this.phone(deviceId).security.pendingSerial;
  }

  /** The contact in which a phone accepted ends at once (PROTOCOL 7.2 step 4). */
  holdsBack({ deviceId, contactId }: DeviceState): boolean {
    const { mode, bootstrapContactId } = this.phone(deviceId).security;
    return mode === 'bootstrapping' && bootstrapContactId !== null && bootstrapContactId === contactId;
  }

  directive({ deviceId }: DeviceState): Pick<DeviceDirective, 'requiresSecureMode' | 'revokedCertificates'> {
    const { security, certificates } = this.phone(deviceId);
    return directiveOf(security, certificates, this.now);
  }

  async save(tx: Tx): Promise<void> {
    const changed = [...this.phones.values()];
    await this.store.save(
      tx,
      changed.flatMap(({ security, isChanged }) => (isChanged ? [security] : [])),
    );
    for (const { deviceId, changedCertificates, carried } of changed) {
      await this.store.saveCertificates(tx, deviceId, changedCertificates());
      if (carried !== undefined) await this.store.forgetPackage(tx, carried);
    }
    await this.store.forgetSteps(tx, this.closedOrders);
  }

  /** A certificate that was made for the phone goes into an order. */
  private plan(phone: Phone): readonly PlannedOrder[] {
    const { pendingSerial, wantsContactNow } = phone.security;
    if (pendingSerial === null || this.service === undefined) return [];
    const sealed = phone.packageOf(pendingSerial);
    const kind = phone.certificates.get(pendingSerial)?.purpose;
    if (sealed === undefined || kind === undefined) return [];
    phone.carried = pendingSerial;
    const steps = (kind === 'secure-mode' ? secureModeSteps : renewalSteps)(this.service, sealed);
    const key = `${kind}:${pendingSerial}`;
    return [
      {
        ...{ key, kind, steps, wantsContactNow },
        rank: 'security',
        parameters: { serialNumber: pendingSerial },
      },
    ];
  }

  private phone(deviceId: string): Phone {
    const known = this.phones.get(deviceId) ?? new Phone(deviceId, this.stored.get(deviceId), this.now);
    this.phones.set(deviceId, known);
    return known;
  }
}

/** One phone while events of it are applied. */
class Phone {
  readonly certificates = new Map<string, DeviceCertificate>();
  security: DeviceSecurity;
  isChanged = false;
  /** The certificate whose package went into an order. */
  carried: string | undefined;
  private readonly packages = new Map<string, string>();
  private readonly changed = new Set<string>();

  constructor(
    readonly deviceId: string,
    stored: StoredSecurity | undefined,
    now: Date,
  ) {
    this.security = stored?.security ?? unknownSecurity(deviceId, now);
    for (const { sealedPackage, ...certificate } of stored?.certificates ?? []) {
      this.certificates.set(certificate.serialNumber, certificate);
      if (sealedPackage !== null) this.packages.set(certificate.serialNumber, sealedPackage);
    }
  }

  become(security: DeviceSecurity): void {
    if (security === this.security) return;
    this.security = security;
    this.isChanged = true;
  }

  put(certificate: DeviceCertificate): void {
    this.certificates.set(certificate.serialNumber, certificate);
    this.changed.add(certificate.serialNumber);
  }

  packageOf(serialNumber: string): string | undefined {
    return this.carried === serialNumber ? undefined : this.packages.get(serialNumber);
  }

  readonly changedCertificates = (): DeviceCertificate[] =>
    [...this.changed].flatMap((serialNumber) => this.certificates.get(serialNumber) ?? []);
}
