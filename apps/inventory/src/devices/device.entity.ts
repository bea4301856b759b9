import type { ContactReason, DeviceId, PhoneConnection } from '@opendls/event-contracts';
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { FactName } from './domain/device-record.js';

/**
 * One phone. Without `last_seen_at` only later events of its first contact have arrived: it is not shown then.
 * Indexes on expressions and partial indexes are in the migrations alone; `synchronize: false` declares them.
 */
@Entity('device')
@Check('device_listener_known', `listener IN ('default', 'secure', 'legacy')`)
@Check(
  'device_last_reason_known',
  `last_reason IN ('start-up', 'solicited', 'local-changes', 'inventory-changes', 'status')`,
)
@Check(
  'device_sighting_whole',
  `num_nulls(first_seen_at, last_seen_at, last_reason, listener, remote_address) IN (0, 5)`,
)
@Check('device_opening_whole', `num_nulls(opening_digest, opening_confirmed_at) IN (0, 2)`)
@Index('device_by_last_seen', { synchronize: false })
@Index('device_by_e164', { synchronize: false })
@Index('device_by_type', { synchronize: false })
@Index('device_by_software_version', { synchronize: false })
export class DeviceEntity {
  @PrimaryColumn({ name: 'device_id', type: 'text', collation: 'C', primaryKeyConstraintName: 'device_pkey' })
  deviceId!: DeviceId;

  @Column({ name: 'device_type', type: 'text', collation: 'C', nullable: true })
  deviceType!: string | null;

  @Column({ name: 'software_type', type: 'text', nullable: true })
  softwareType!: string | null;

  @Column({ name: 'software_version', type: 'text', collation: 'C', nullable: true })
  softwareVersion!: string | null;

  /** Sorts as versions do, see `softwareVersionSortKey`. */
  @Column({ name: 'software_version_sort', type: 'text', collation: 'C' })
  softwareVersionSort!: string;

  @Column({ name: 'e164', type: 'text', collation: 'C', nullable: true })
  e164!: string | null;

  @Column({ name: 'basic_e164', type: 'text', nullable: true })
  basicE164!: string | null;

  @Column({ name: 'contact_me_uri', type: 'text', nullable: true })
  contactMeUri!: string | null;

  @Column({ name: 'part_number', type: 'text', nullable: true })
  partNumber!: string | null;

  @Column({ name: 'fact_times', type: 'jsonb' })
  factTimes!: Partial<Record<FactName, number>>;

  @Column({ name: 'remote_address', type: 'text', nullable: true })
  remoteAddress!: string | null;

  @Column({ name: 'listener', type: 'text', nullable: true })
  listener!: PhoneConnection['listener'] | null;

  @Column({ name: 'first_seen_at', type: 'timestamptz', nullable: true })
  firstSeenAt!: Date | null;

  @Column({ name: 'last_seen_at', type: 'timestamptz', nullable: true })
  lastSeenAt!: Date | null;

  @Column({ name: 'last_reason', type: 'text', nullable: true })
  lastReason!: ContactReason | null;

  @Column({ name: 'start_up_count', type: 'integer' })
  startUpCount!: number;

  @Column({ name: 'items_reported_at', type: 'timestamptz', nullable: true })
  itemsReportedAt!: Date | null;

  @Column({ name: 'opening_digest', type: 'text', nullable: true })
  openingDigest!: string | null;

  @Column({ name: 'opening_confirmed_at', type: 'timestamptz', nullable: true })
  openingConfirmedAt!: Date | null;

  /** Everything a free text search looks at, in lower case. */
  @Column({ name: 'search_text', type: 'text' })
  searchText!: string;

  @Column({ name: 'version', type: 'integer' })
  version!: number;

  /** When the row was made; rows that never see an opening message are removed by age. */
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
