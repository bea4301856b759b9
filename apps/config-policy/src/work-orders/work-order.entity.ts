import {
  workOrderKindSchema,
  type ReportedItem,
  type WorkOrderKind,
  type WorkOrderStep,
} from '@opendls/event-contracts';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { DeviceEntity } from '../devices/device.entity.js';
import {
  OPEN_STATES,
  ORDER_ORIGINS,
  ORDER_RANKS,
  WORK_ORDER_STATES,
  type AttemptEnd,
  type OrderOrigin,
  type OrderRank,
  type OrderTarget,
  type StepResult,
  type Verification,
  type WorkOrderState,
} from './domain/work-order.js';

/** Work for one phone. Secret values in `steps` are sealed. */
@Entity({ name: 'work_order' })
@Check('work_order_kind', `kind IN (${listOf(workOrderKindSchema.options)})`)
@Check('work_order_origin', `origin IN (${listOf(ORDER_ORIGINS)})`)
@Check('work_order_rank', `rank IN (${listOf(Object.keys(ORDER_RANKS))})`)
@Check('work_order_state', `state IN (${listOf(WORK_ORDER_STATES)})`)
@Check('work_order_closed', `(closed_at IS NULL) = (state IN (${listOf(OPEN_STATES)}))`)
@Index('work_order_one_open_per_kind', ['deviceId', 'kind'], {
  unique: true,
  where: `closed_at IS NULL AND origin = 'policy'`,
})
@Index('work_order_one_open_per_key', ['deviceId', 'orderKey'], {
  unique: true,
  where: 'closed_at IS NULL AND order_key IS NOT NULL',
})
@Index('work_order_idempotency_key', ['deviceId', 'idempotencyKey'], {
  unique: true,
  where: 'idempotency_key IS NOT NULL',
})
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

  @Column({ type: 'text', default: 'policy' })
  origin!: OrderOrigin;

  @Column({ type: 'text', default: 'policy' })
  rank!: OrderRank;

  @Column({ name: 'order_key', type: 'text', nullable: true })
  orderKey!: string | null;

  @Column({ name: 'requested_by', type: 'text', nullable: true })
  requestedBy!: string | null;

  @Column({ name: 'idempotency_key', type: 'text', nullable: true })
  idempotencyKey!: string | null;

  @Column({ name: 'request_hash', type: 'text', nullable: true })
  requestHash!: string | null;

  /** No secrets. */
  @Column({ type: 'json', default: {} })
  parameters!: Readonly<Record<string, unknown>>;

  @Column({ name: 'wants_contact_now', type: 'boolean', default: false })
  wantsContactNow!: boolean;

  @Column({ name: 'is_contact_bound', type: 'boolean', default: false })
  isContactBound!: boolean;

  @Column({ type: 'json', nullable: true })
  verification!: Verification | null;

  /** Readable values only. */
  @Column({ type: 'json', default: [] })
  answers!: readonly ReportedItem[];

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

function listOf(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(', ');
}
