import type { DeviceId, ReportedItem } from '@opendls/event-contracts';
import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { DeviceEntity } from './device.entity.js';

const key = { primaryKeyConstraintName: 'item_fragment_pkey' };

/** A fragment of a reply to `ReadAllItems` whose other fragments are still missing. */
@Entity('item_fragment')
@Check('item_fragment_position_known', `step_index >= 0 AND fragment >= 0`)
export class ItemFragmentEntity {
  @PrimaryColumn({ name: 'device_id', type: 'text', collation: 'C', ...key })
  @ForeignKey(() => DeviceEntity, 'deviceId', { name: 'item_fragment_device_fkey', onDelete: 'CASCADE' })
  deviceId!: DeviceId;

  @PrimaryColumn({ name: 'contact_id', type: 'text', ...key })
  contactId!: string;

  @PrimaryColumn({ name: 'order_id', type: 'uuid', ...key })
  orderId!: string;

  @PrimaryColumn({ name: 'step_index', type: 'integer', ...key })
  stepIndex!: number;

  @PrimaryColumn({ name: 'fragment', type: 'integer', ...key })
  fragment!: number;

  @Column({ name: 'attempt', type: 'integer' })
  attempt!: number;

  @Column({ name: 'is_final', type: 'boolean' })
  isFinal!: boolean;

  @Column({ name: 'reported_at', type: 'timestamptz' })
  reportedAt!: Date;

  @Column({ name: 'items', type: 'jsonb' })
  items!: readonly ReportedItem[];

  /** What it lists and the phone could not read, `name` or `name[index]`. */
  @Column({ name: 'unreadable_keys', type: 'jsonb' })
  unreadable!: readonly string[];
}
