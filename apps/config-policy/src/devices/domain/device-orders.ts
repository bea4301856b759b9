import { isOpen, ORDER_RANKS, type WorkOrder } from '../../work-orders/domain/work-order.js';

/** The orders of one phone that are open or named by events, and which of them changed. */
export class DeviceOrders {
  private readonly orders = new Map<string, WorkOrder>();
  private readonly changedIds = new Set<string>();

  constructor(
    orders: readonly WorkOrder[],
    /** Called once for each order that goes from open to closed. */
    private readonly onClosed: (order: WorkOrder) => void,
  ) {
    for (const order of orders) this.orders.set(order.orderId, order);
  }

  get(orderId: string): WorkOrder | undefined {
    return this.orders.get(orderId);
  }

  all(): readonly WorkOrder[] {
    return [...this.orders.values()];
  }

  open(): readonly WorkOrder[] {
    return this.all().filter(isOpen);
  }

  /** Orders that are new or not as they were loaded. */
  changed(): readonly WorkOrder[] {
    return this.all().filter(({ orderId }) => this.changedIds.has(orderId));
  }

  put(order: WorkOrder): WorkOrder {
    const before = this.orders.get(order.orderId);
    this.orders.set(order.orderId, order);
    this.changedIds.add(order.orderId);
    if (!isOpen(order) && (before === undefined || isOpen(before))) this.onClosed(order);
    return order;
  }

  /**
   * Orders that wait for their turn and are none of the policies: security, mobility, requests, each by creation. While the
   * phone was busy last time, what writes nothing comes first (PROTOCOL 4.6).
   */
  queue(): readonly WorkOrder[] {
    const waiting = this.open().filter(({ origin, state }) => origin !== 'policy' && state !== 'verifying');
    const wasBusy = this.wasBusy();
    return waiting.sort(
      (a, b) =>
        (wasBusy ? Number(isReadingOnly(b)) - Number(isReadingOnly(a)) : 0) ||
        ORDER_RANKS[a.rank] - ORDER_RANKS[b.rank] ||
        a.createdAt.getTime() - b.createdAt.getTime(),
    );
  }

  wasBusy(): boolean {
    return this.open().some(({ state, lastAttemptEnd }) => state === 'pending' && lastAttemptEnd === 'busy');
  }
}

/** Whether a busy phone may be expected to do it: it is said to refuse writing only (PROTOCOL 4.6). */
export function isReadingOnly({ steps }: WorkOrder): boolean {
  return steps.every(({ kind }) => kind === 'read-items' || kind === 'read-all-items');
}
