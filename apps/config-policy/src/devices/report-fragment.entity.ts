import type { ReportedItem } from '@opendls/event-contracts';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A part of a reply whose other parts have not arrived yet. */
@Entity({ name: 'report_fragment' })
@Index('report_fragment_received_at', ['receivedAt'])
export class ReportFragmentEntity {
  @PrimaryColumn({ name: 'device_id', type: 'text', collation: 'C' })
  deviceId!: string;

  @PrimaryColumn({ name: 'contact_id', type: 'text', collation: 'C' })
  contactId!: string;

  @PrimaryColumn({ name: 'order_id', type: 'uuid' })
  orderId!: string;

  @PrimaryColumn({ name: 'step_index', type: 'integer' })
  stepIndex!: number;

  @PrimaryColumn({ type: 'integer' })
  fragment!: number;

  @Column({ name: 'is_final', type: 'boolean' })
  isFinal!: boolean;

  @Column({ type: 'json' })
  items!: readonly ReportedItem[];

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;
}
