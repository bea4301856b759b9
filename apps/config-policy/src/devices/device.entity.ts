import type { ComplianceState, DeviceDirective, ItemRef } from '@opendls/event-contracts';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { WakingState } from '../waking/domain/contact-plan.js';
import type { BlockedItem, ReportedValue } from './domain/difference.js';
import type { GivenUp } from './domain/device-state.js';

/** A phone: what policies select it by, and how far it follows them. */
@Entity({ name: 'device' })
@Check('device_compliance_state', `compliance IN ('compliant', 'drifted', 'pending', 'failed', 'unmanaged')`)
@Index('device_compliance', ['compliance', 'deviceId'])
@Index('device_planned_version', ['plannedVersion', 'deviceId'])
@Index('device_next_contact_at', ['nextContactAt'], { where: 'next_contact_at IS NOT NULL' })
// An index over the elements of an array, which TypeORM cannot describe.
@Index('device_secret_refs', { synchronize: false })
export class DeviceEntity {
  @PrimaryColumn({ name: 'device_id', type: 'text', collation: 'C' })
  deviceId!: string;

  @Column({ name: 'mac_address', type: 'text', nullable: true })
  macAddress!: string | null;

  @Column({ name: 'device_type', type: 'text', nullable: true })
  deviceType!: string | null;

  @Column({ name: 'software_type', type: 'text', nullable: true })
  softwareType!: string | null;

  @Column({ name: 'software_version', type: 'text', nullable: true })
  softwareVersion!: string | null;

  @Column({ type: 'text', nullable: true })
  e164!: string | null;

  @Column({ name: 'basic_e164', type: 'text', nullable: true })
  basicE164!: string | null;

  @Column({ name: 'contact_me_uri', type: 'text', nullable: true })
  contactMeUri!: string | null;

  @Column({ name: 'part_number', type: 'text', nullable: true })
  partNumber!: string | null;

  @Column({ name: 'max_items', type: 'integer', nullable: true })
  maxItems!: number | null;

  @Column({ name: 'first_seen_at', type: 'timestamptz' })
  firstSeenAt!: Date;

  @Column({ name: 'last_seen_at', type: 'timestamptz' })
  lastSeenAt!: Date;

  @Column({ name: 'contact_id', type: 'text', nullable: true })
  contactId!: string | null;

  @Column({ name: 'contact_reason', type: 'text', nullable: true })
  contactReason!: string | null;

  @Column({ name: 'contact_opened_at', type: 'timestamptz', nullable: true })
  contactOpenedAt!: Date | null;

  @Column({ name: 'last_report_at', type: 'timestamptz', nullable: true })
  lastReportAt!: Date | null;

  @Column({ name: 'full_report_at', type: 'timestamptz', nullable: true })
  fullReportAt!: Date | null;

  @Column({ name: 'is_report_stale', type: 'boolean' })
  isReportStale!: boolean;

  @Column({ name: 'given_up', type: 'json', nullable: true })
  givenUp!: GivenUp | null;

  @Column({ type: 'text' })
  compliance!: ComplianceState;

  @Column({ name: 'compliance_since', type: 'timestamptz' })
  complianceSince!: Date;

  @Column({ name: 'open_items', type: 'json' })
  openItems!: readonly ItemRef[];

  /** Version of the policies that `compliance` was computed with; 0 = compute again. */
  @Column({ name: 'planned_version', type: 'bigint' })
  plannedVersion!: string;

  @Column({ name: 'secret_refs', type: 'text', array: true })
  secretRefs!: readonly string[];

  /** By name of the feature. */
  @Column({ type: 'json', default: {} })
  features!: Readonly<Record<string, unknown>>;

  @Column({ name: 'firmware_offered_at', type: 'timestamptz', nullable: true })
  firmwareOfferedAt!: Date | null;

  @Column({ type: 'json', nullable: true })
  waking!: WakingState | null;

  @Column({ name: 'next_contact_at', type: 'timestamptz', nullable: true })
  nextContactAt!: Date | null;

  @Column({ type: 'json', nullable: true })
  directive!: Omit<DeviceDirective, 'deviceId'> | null;
}

/** What a phone said of its items and what was written to it. Apart from the phone, because it is large. */
@Entity({ name: 'device_report' })
export class DeviceReportEntity {
  @ForeignKey(() => DeviceEntity, { name: 'device_report_device_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn({ name: 'device_id', type: 'text', collation: 'C' })
  deviceId!: string;

  /** By item key. */
  @Column({ type: 'json' })
  report!: Readonly<Record<string, ReportedValue>>;

  @Column({ type: 'json' })
  applied!: Readonly<Record<string, string>>;

  @Column({ type: 'json' })
  blocked!: Readonly<Record<string, BlockedItem>>;
}
