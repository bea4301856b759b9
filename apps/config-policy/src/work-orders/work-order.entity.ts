import type { WorkOrderKind, WorkOrderStep } from '@opendls/event-contracts';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { DeviceEntity } from '../devices/device.entity.js';
import type { AttemptEnd, OrderTarget, StepResult, WorkOrderState } from './domain/work-order.js';

/** Work for one phone. Secret values in `steps` are sealed. */
@Entity({ name: 'work_order' })
@Check('work_order_kind', `kind IN ('read-all', 'configure')`)
@Check('work_order_state', `state IN ('pending', 'offered', 'running', 'done', 'refused', 'failed', 'superseded')`)
@Check('work_order_closed', `(closed_at IS NULL) = (state IN ('pending', 'offered', 'running'))`)
@Index('work_order_one_open_per_kind', ['deviceId', 'kind'], { unique: true, where: 'closed_at IS NULL' })
@Index('work_order_of_device', ['deviceId', 'createdAt', 'orderId'])
@Index('work_order_expires_at', ['expiresAt'], { where: 'expires_at IS NOT NULL' })
export class WorkOrderEntity {
  @PrimaryColumn({ name: 'order_id', type: 'uuid' })
  orderId!: string;

  @ForeignKey(() => DeviceEntity, { name: 'work_order_device_fkey', onDelete: 'CASCADE' })
  @Column({ name: 'device_id', type: 'text', collation: 'C' })
  deviceId!: string;

  @Column({ type: 'text' })
  kind!: WorkOrderKind;

  @Column({ type: 'text' })
  state!: WorkOrderState;

  /** Never changes. */
  @Column({ type: 'json' })
  steps!: readonly WorkOrderStep[];

  /** By item key. Never changes. */
  @Column({ type: 'json' })
  targets!: Readonly<Record<string, OrderTarget>>;

  @Column({ type: 'integer' })
  attempt!: number;

  @Column({ name: 'failed_attempts', type: 'integer' })
  failedAttempts!: number;

  @Column({ name: 'last_attempt_end', type: 'text', nullable: true })
  lastAttemptEnd!: AttemptEnd | null;

  @Column({ name: 'contact_id', type: 'text', nullable: true })
  contactId!: string | null;

  @Column({ name: 'from_step', type: 'integer' })
  fromStep!: number;

  @Column({ name: 'from_part', type: 'integer' })
  fromPart!: number;

  @Column({ type: 'json' })
  results!: readonly StepResult[];

  @Column({ name: 'failure_code', type: 'text', nullable: true })
  failureCode!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'offered_at', type: 'timestamptz', nullable: true })
  offeredAt!: Date | null;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'closed_at', type: 'timestamptz', nullable: true })
  closedAt!: Date | null;
}
