import type { DevicesStore } from '../devices/devices.store.js';
import { DeviceError } from '../devices/devices.errors.js';
import type { WorkOrder } from './domain/work-order.js';
import { OrderError } from './orders.errors.js';
import type { OrderFilter, WorkOrdersStore } from './work-orders.store.js';

/** Reads the orders of phones. */
export class OrdersService {
  constructor(
    private readonly devices: DevicesStore,
    private readonly orders: WorkOrdersStore,
  ) {}

  /** @throws {OrderError} `order-not-found` */
  async get(deviceId: string, orderId: string): Promise<WorkOrder> {
    const order = await this.orders.find(deviceId, orderId);
    if (order === undefined) throw new OrderError('order-not-found', 'the phone has no order with this id');
    return order;
  }

  /** Newest first. One more than `limit` shows that there are more. */
  async list(
    deviceId: string,
    filter: OrderFilter,
    before: { readonly createdAt: Date; readonly orderId: string } | undefined,
    limit: number,
  ): Promise<readonly WorkOrder[]> {
    if ((await this.devices.find(deviceId)) === undefined) {
      throw new DeviceError('device-not-found', 'no phone with this id has been seen');
    }
    return this.orders.listOf(deviceId, filter, before, limit + 1);
  }
}
