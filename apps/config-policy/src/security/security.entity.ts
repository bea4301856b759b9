import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { DeviceEntity } from '../devices/device.entity.js';
import {
  CERTIFICATE_PURPOSES,
  CERTIFICATE_STATES,
  SECURITY_MODES,
  type CertificatePurpose,
  type CertificateState,
  type DeviceCertificate,
  type DeviceSecurity,
  type Listener,
  type SecurityMode,
} from './domain/device-security.js';

/** What is known of the security of a phone. */
@Entity({ name: 'device_security' })
@Check('device_security_mode', `mode IN (${listOf(SECURITY_MODES)})`)
@Check('device_security_listener', `listener IN ('default', 'secure', 'legacy')`)
@Index('device_security_by_mode', ['mode', 'deviceId'])
@Index('device_security_roll_out', ['rollOutId', 'mode'], { where: 'roll_out_id IS NOT NULL' })
export class DeviceSecurityEntity implements DeviceSecurity {
  @ForeignKey(() => DeviceEntity, { name: 'device_security_device_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn({ name: 'device_id', type: 'text', collation: 'C' })
  deviceId!: string;

  @Column({ type: 'text' })
  mode!: SecurityMode;

  @Column({ name: 'mode_since', type: 'timestamptz' })
  modeSince!: Date;

  @Column({ name: 'requires_secure_mode', type: 'boolean' })
  requiresSecureMode!: boolean;

  @Column({ name: 'failure_code', type: 'text', nullable: true })
  failureCode!: string | null;

  @Column({ name: 'pending_serial', type: 'text', nullable: true })
  pendingSerial!: string | null;

  @Column({ name: 'bootstrap_contact_id', type: 'text', nullable: true })
  bootstrapContactId!: string | null;

  @Column({ name: 'bootstrap_deadline', type: 'timestamptz', nullable: true })
  bootstrapDeadline!: Date | null;

  @Column({ name: 'renew_after', type: 'timestamptz', nullable: true })
  renewAfter!: Date | null;

  @Column({ type: 'text', nullable: true })
  listener!: Listener | null;

  @Column({ name: 'refused_openings', type: 'integer' })
  refusedOpenings!: number;

  @Column({ name: 'last_refused_at', type: 'timestamptz', nullable: true })
  lastRefusedAt!: Date | null;

  @Column({ name: 'requested_by', type: 'text', nullable: true })
  requestedBy!: string | null;

  @Column({ name: 'wants_contact_now', type: 'boolean' })
  wantsContactNow!: boolean;

  @Column({ name: 'roll_out_id', type: 'uuid', nullable: true })
  rollOutId!: string | null;
}

/** A client certificate of a phone. Its key leaves with the order that carries it. */
@Entity({ name: 'device_certificate' })
@Check('device_certificate_state', `state IN (${listOf(CERTIFICATE_STATES)})`)
@Check('device_certificate_purpose', `purpose IN (${listOf(CERTIFICATE_PURPOSES)})`)
@Index('device_certificate_of_device', ['deviceId', 'issuedAt'])
@Index('device_certificate_expiry', ['state', 'notAfter'])
export class DeviceCertificateEntity implements DeviceCertificate {
  @PrimaryColumn({ name: 'serial_number', type: 'text', collation: 'C' })
  serialNumber!: string;

  @ForeignKey(() => DeviceEntity, { name: 'device_certificate_device_fkey', onDelete: 'CASCADE' })
  @Column({ name: 'device_id', type: 'text', collation: 'C' })
  deviceId!: string;

  @Column({ type: 'text' })
  purpose!: CertificatePurpose;

  @Column({ name: 'issued_at', type: 'timestamptz' })
  issuedAt!: Date;

  @Column({ name: 'not_after', type: 'timestamptz' })
  notAfter!: Date;

  @Column({ type: 'text' })
  state!: CertificateState;

  @Column({ name: 'seen_at', type: 'timestamptz', nullable: true })
  seenAt!: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;

  @Column({ name: 'revoked_by', type: 'text', nullable: true })
  revokedBy!: string | null;

  @Column({ name: 'revoked_reason', type: 'text', nullable: true })
  revokedReason!: string | null;

  /** The PKCS#12, sealed for the gateways, until an order carries it. */
  @Column({ name: 'sealed_package', type: 'text', nullable: true })
  sealedPackage!: string | null;
}

/** Phones that were asked into Secure Mode together. */
@Entity({ name: 'security_roll_out' })
export class SecurityRollOutEntity {
  @PrimaryColumn({ name: 'roll_out_id', type: 'uuid' })
  rollOutId!: string;

  @Column({ type: 'json' })
  selection!: Readonly<Record<string, unknown>>;

  @Column({ name: 'device_count', type: 'integer' })
  deviceCount!: number;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'created_by', type: 'text' })
  createdBy!: string;
}

function listOf(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(', ');
}
