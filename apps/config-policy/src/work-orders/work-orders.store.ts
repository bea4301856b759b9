import type { WorkOrderKind } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import type { WorkOrder, WorkOrderState } from './domain/work-order.js';
import { WorkOrderEntity } from './work-order.entity.js';

const COLUMNS = `order_id, device_id, kind, origin, rank, order_key, requested_by, idempotency_key, request_hash, parameters,
  wants_contact_now, is_contact_bound, verification, answers, state, steps, targets, attempt, failed_attempts, last_attempt_end, contact_id,
  from_step, from_part, results, failure_code, created_at, offered_at, expires_at, closed_at`;

export interface OrderFilter {
  readonly state?: WorkOrderState;
  readonly kind?: WorkOrderKind;
}

/** Reads and writes work orders. */
export class WorkOrdersStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The open orders of some phones, and the orders that are named. The caller holds the locks of the phones. */
  async load(
    deviceIds: readonly string[],
    orderIds: readonly string[],
    manager: EntityManager = this.dataSource.manager,
  ): Promise<WorkOrder[]> {
    const rows = await manager
      .createQueryBuilder(WorkOrderEntity, 'work')
      .where('work.deviceId = ANY(:deviceIds)', { deviceIds })
      .andWhere('(work.closedAt IS NULL OR work.orderId = ANY(:orderIds))', { orderIds })
      .orderBy('work.createdAt')
      .addOrderBy('work.orderId')
      .getMany();
    return rows.map(toWorkOrder);
  }

  /** Inserts new orders and updates known ones; steps and targets of an order that exists are left as they are. */
  async saveAll(tx: Tx, orders: readonly WorkOrder[]): Promise<void> {
    if (orders.length === 0) return;
    await tx.query(
      `INSERT INTO work_order (${COLUMNS})
       SELECT ${COLUMNS} FROM json_populate_recordset(NULL::work_order, $1::json)
       ORDER BY (closed_at IS NULL), created_at
       ON CONFLICT (order_id) DO UPDATE SET
         state = excluded.state, answers = excluded.answers, attempt = excluded.attempt, failed_attempts = excluded.failed_attempts,
         last_attempt_end = excluded.last_attempt_end, contact_id = excluded.contact_id,
         from_step = excluded.from_step, from_part = excluded.from_part, results = excluded.results,
         failure_code = excluded.failure_code, offered_at = excluded.offered_at,
         expires_at = excluded.expires_at, closed_at = excluded.closed_at`,
      [JSON.stringify(orders.map(toRow))],
    );
  }

  async find(deviceId: string, orderId: string): Promise<WorkOrder | undefined> {
    const row = await this.dataSource.manager.findOneBy(WorkOrderEntity, { deviceId, orderId });
    return row === null ? undefined : toWorkOrder(row);
  }

  /** The order that a request with this key made. */
  async findByIdempotencyKey(
    deviceId: string,
    idempotencyKey: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<WorkOrder | undefined> {
    const row = await manager.findOneBy(WorkOrderEntity, { deviceId, idempotencyKey });
    return row === null ? undefined : toWorkOrder(row);
  }

  /** Newest first, after the given position. */
  async listOf(
    deviceId: string,
    filter: OrderFilter,
    before: { readonly createdAt: Date; readonly orderId: string } | undefined,
    limit: number,
  ): Promise<WorkOrder[]> {
    const query = this.dataSource.manager
      .createQueryBuilder(WorkOrderEntity, 'work')
      .where('work.deviceId = :deviceId', { deviceId });
    if (before !== undefined) query.andWhere('(work.createdAt, work.orderId) < (:createdAt, :orderId)', before);
    if (filter.state !== undefined) query.andWhere('work.state = :state', { state: filter.state });
    if (filter.kind !== undefined) query.andWhere('work.kind = :kind', { kind: filter.kind });
    const rows = await query
      .orderBy('work.createdAt', 'DESC')
      .addOrderBy('work.orderId', 'DESC')
      .limit(limit)
      .getMany();
    return rows.map(toWorkOrder);
  }

  /** Phones with an order whose time is over. */
  async findExpired(now: Date, limit: number): Promise<string[]> {
    const rows: { device_id: string }[] = await this.dataSource.query(
      'SELECT device_id FROM work_order WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2',
      [now, limit],
    );
    return [...new Set(rows.map(({ device_id }) => device_id))];
  }

  /** Orders that are not closed, by kind and state. */
  async countOpen(): Promise<readonly { readonly kind: string; readonly state: string; readonly count: number }[]> {
    return this.dataSource.query(
      'SELECT kind, state, count(*)::integer AS count FROM work_order WHERE closed_at IS NULL GROUP BY kind, state',
    );
  }

  /** Forgets orders that were closed long ago. Returns how many, at most one batch. */
  async purge(tx: Tx, closedBefore: Date, limit: number): Promise<number> {
    const [, count]: [unknown, number] = await tx.query(
      `DELETE FROM work_order WHERE order_id IN (
         SELECT order_id FROM work_order WHERE closed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [closedBefore, limit],
    );
    return count;
  }
}

function toWorkOrder(row: WorkOrderEntity): WorkOrder {
  return { ...row, targets: new Map(Object.entries(row.targets)) };
}

function toRow(order: WorkOrder): Record<string, unknown> {
  return {
    order_id: order.orderId,
    device_id: order.deviceId,
    kind: order.kind,
    origin: order.origin,
    rank: order.rank,
    order_key: order.orderKey,
    requested_by: order.requestedBy,
    idempotency_key: order.idempotencyKey,
    request_hash: order.requestHash,
    parameters: order.parameters,
    wants_contact_now: order.wantsContactNow,
    is_contact_bound: order.isContactBound,
    verification: order.verification,
    answers: order.answers,
    state: order.state,
    steps: order.steps,
    targets: Object.fromEntries(order.targets),
    attempt: order.attempt,
    failed_attempts: order.failedAttempts,
    last_attempt_end: order.lastAttemptEnd,
    contact_id: order.contactId,
    from_step: order.fromStep,
    from_part: order.fromPart,
    results: order.results,
    failure_code: order.failureCode,
    created_at: order.createdAt,
    offered_at: order.offeredAt,
    expires_at: order.expiresAt,
    closed_at: order.closedAt,
  };
}
