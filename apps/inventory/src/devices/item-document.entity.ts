import type { DeviceId } from '@opendls/event-contracts';
import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { DeviceEntity } from './device.entity.js';
import type { DocumentKind } from './domain/item-changes.js';

/** An item in a document; named as the columns of `reported_item`. */
export interface DocumentItem {
  readonly name: string;
  readonly item_index: number;
  readonly value: string | null;
  readonly is_secret: boolean;
}

const key = { primaryKeyConstraintName: 'item_document_pkey' };

/**
 * Items a phone reported together: those of its last opening message, stated last at the device's `opening_confirmed_at`, and
 * those of its last complete report, of `items_reported_at`. A document is written a hundred times faster than its rows.
 */
@Entity('item_document')
@Check('item_document_kind_known', `kind IN ('opening', 'complete')`)
export class ItemDocumentEntity {
  @PrimaryColumn({ name: 'device_id', type: 'text', collation: 'C', ...key })
  @ForeignKey(() => DeviceEntity, 'deviceId', { name: 'item_document_device_fkey', onDelete: 'CASCADE' })
  deviceId!: DeviceId;

  @PrimaryColumn({ name: 'kind', type: 'text', ...key })
  kind!: DocumentKind;

  @Column({ name: 'items', type: 'jsonb' })
  items!: readonly DocumentItem[];
}
