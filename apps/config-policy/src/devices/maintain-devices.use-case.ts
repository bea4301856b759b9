import type { Logger } from '@opendls/logging';
import type { Outbox, Tx, UnitOfWork } from '@opendls/postgres';
import type { ConfigPolicyMetrics } from '../metrics.js';
import type { DeviceMessages } from './device-messages.js';
import { DeviceWorkspace, type WorkspaceParts } from './device-workspace.js';
import type { ManagedDevice } from './domain/managed-device.js';

const BATCH = 250;
const FRAGMENT_AGE_MS = 3_600_000;
const PURGE_EVERY_MS = 600_000;

/**
 * What has to be done about phones without their being in contact: overdue orders go back to pending, states follow changed
 * policies, old orders are forgotten. Every replica may run it: phones are locked, those that another one works on are left.
 */
export class MaintainDevices {
  private purgedAt = 0;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly outbox: Outbox,
    private readonly parts: WorkspaceParts,
    private readonly messages: DeviceMessages,
    private readonly metrics: ConfigPolicyMetrics,
    private readonly logger: Logger,
  ) {}

  /** One round. Stops early when aborted. */
  async execute(signal: AbortSignal): Promise<void> {
    await this.expireOrders(signal);
    const replanned = await this.replan(signal);
    if (replanned > 0) this.logger.info({ devices: replanned }, 'phones compared with changed policies');
    const now = this.parts.clock();
    if (now.getTime() - this.purgedAt < PURGE_EVERY_MS) return;
    this.purgedAt = now.getTime();
    await this.purge(now, signal);
  }

  private async expireOrders(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const overdue = await this.parts.orders.findExpired(this.parts.clock(), BATCH);
      const count = await this.workOn(overdue, (device) => device.expireOrders());
      if (overdue.length < BATCH || count === 0) return;
    }
  }

  private async replan(signal: AbortSignal): Promise<number> {
    const { version } = await this.parts.policies.current();
    let count = 0;
    let after = '';
    while (!signal.aborted) {
      const outdated = await this.parts.devices.findOutdated(version, after, BATCH);
      const worked = await this.workOn(outdated, (device) => device.replan());
      this.metrics.replanned.inc(worked);
      count += worked;
      after = outdated.at(-1) ?? after;
      if (outdated.length < BATCH) break;
    }
    return count;
  }

  private async workOn(deviceIds: readonly string[], work: (device: ManagedDevice) => unknown): Promise<number> {
    if (deviceIds.length === 0) return 0;
    const { count, orders } = await this.unitOfWork.run(async (tx: Tx) => {
      const states = await this.parts.devices.lockFree(tx, deviceIds);
      const workspace = await DeviceWorkspace.open(this.parts, tx, states);
      const changes = workspace.all();
      for (const { device } of changes) work(device);
      const saved = await workspace.save(tx);
      await this.outbox.append(
        tx,
        changes.flatMap((change) => this.messages.news(change)),
      );
      return { count: changes.length, orders: saved };
    });
    this.metrics.countOrders(orders);
    return count;
  }

  private async purge(now: Date, signal: AbortSignal): Promise<void> {
    const { devices, orders, settings } = this.parts;
    const closedBefore = new Date(now.getTime() - settings.orderRetentionMs);
    let count = BATCH;
    while (count === BATCH && !signal.aborted) {
      count = await this.unitOfWork.run((tx) => orders.purge(tx, closedBefore, BATCH));
    }
    await this.unitOfWork.run((tx) => devices.purgeFragments(tx, new Date(now.getTime() - FRAGMENT_AGE_MS)));
  }
}
