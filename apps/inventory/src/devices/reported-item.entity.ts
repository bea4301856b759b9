import type { DeviceId } from '@opendls/event-contracts';
import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { DeviceEntity } from './device.entity.js';

/** `item_index` of an item without an index, which is not the same as index 0. */
export const NO_INDEX = -1;

/** The newest report of an item that a phone was asked for by name; others are in documents, see `ItemDocumentEntity`. */
@Entity('reported_item')
@Check('reported_item_index_known', `item_index >= -1`)
@Check('reported_item_secret_hidden', `NOT is_secret OR value IS NULL`)
export class ReportedItemEntity {
  @PrimaryColumn({ name: 'device_id', type: 'text', collation: 'C', primaryKeyConstraintName: 'reported_item_pkey' })
  @ForeignKey(() => DeviceEntity, 'deviceId', { name: 'reported_item_device_fkey', onDelete: 'CASCADE' })
  deviceId!: DeviceId;

  @PrimaryColumn({ name: 'name', type: 'text', collation: 'C', primaryKeyConstraintName: 'reported_item_pkey' })
  name!: string;

  @PrimaryColumn({ name: 'item_index', type: 'integer', primaryKeyConstraintName: 'reported_item_pkey' })
  itemIndex!: number;

  @Column({ name: 'value', type: 'text', nullable: true })
  value!: string | null;

  @Column({ name: 'is_secret', type: 'boolean' })
  isSecret!: boolean;

  @Column({ name: 'reported_at', type: 'timestamptz' })
  reportedAt!: Date;
}
