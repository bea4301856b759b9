import type { ContactOutcome, ContactReason, DeviceId, PhoneConnection } from '@opendls/event-contracts';
import { Check, Column, Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import { DeviceEntity } from './device.entity.js';
import type { Timeline } from './domain/contact-timeline.js';

/** One contact of one phone. */
@Entity('contact')
@Check('contact_reason_known', `reason IN ('start-up', 'solicited', 'local-changes', 'inventory-changes', 'status')`)
@Check('contact_closing_whole', `(closed_at IS NULL) = (outcome IS NULL)`)
@Index('contact_by_device', ['deviceId', 'openedAt', 'contactNo'])
@Index('contact_by_opened_at', { synchronize: false })
export class ContactEntity {
  @PrimaryGeneratedColumn('identity', {
    name: 'contact_no',
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'contact_pkey',
  })
  contactNo!: string;

  @Column({ name: 'device_id', type: 'text', collation: 'C' })
  @ForeignKey(() => DeviceEntity, 'deviceId', { name: 'contact_device_fkey', onDelete: 'CASCADE' })
  deviceId!: DeviceId;

  @Column({ name: 'contact_id', type: 'text' })
  contactId!: string;

  /** null as long as the opening message is missing. */
  @Column({ name: 'reason', type: 'text', nullable: true })
  reason!: ContactReason | null;

  @Column({ name: 'opened_at', type: 'timestamptz' })
  openedAt!: Date;

  /** null as long as the opening message is missing, and for contacts of before it was kept. */
  @Column({ name: 'connection', type: 'jsonb', nullable: true })
  connection!: PhoneConnection | null;

  @Column({ name: 'closed_at', type: 'timestamptz', nullable: true })
  closedAt!: Date | null;

  @Column({ name: 'outcome', type: 'text', nullable: true })
  outcome!: ContactOutcome | null;

  @Column({ name: 'cleanup_reason', type: 'text', nullable: true })
  cleanupReason!: string | null;

  @Column({ name: 'is_solicited_requested', type: 'boolean', nullable: true })
  isSolicitedRequested!: boolean | null;

  @Column({ name: 'exchanges', type: 'integer', nullable: true })
  exchanges!: number | null;

  @Column({ name: 'duration_ms', type: 'double precision', nullable: true })
  durationMs!: number | null;

  @Column({ name: 'timeline', type: 'jsonb' })
  timeline!: Timeline;
}
