import type { DeviceId } from '@opendls/event-contracts';
import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { DeviceEntity } from './device.entity.js';

/** An item in the document of an opening message; named as the columns of `reported_item`. */
export interface OpeningItem {
  readonly name: string;
  readonly item_index: number;
  readonly value: string | null;
  readonly is_secret: boolean;
}

/**
 * The items of a phone's last opening message, which it stated last at the device's `opening_confirmed_at`. One document
 * rather than rows: phones state the same some thirty items at every start.
 */
@Entity('opening_report')
export class OpeningReportEntity {
  @PrimaryColumn({ name: 'device_id', type: 'text', collation: 'C', primaryKeyConstraintName: 'opening_report_pkey' })
  @ForeignKey(() => DeviceEntity, 'deviceId', { name: 'opening_report_device_fkey', onDelete: 'CASCADE' })
  deviceId!: DeviceId;

  @Column({ name: 'items', type: 'jsonb' })
  items!: readonly OpeningItem[];
}
