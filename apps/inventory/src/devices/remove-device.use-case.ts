import type { DeviceId } from '@opendls/event-contracts';
import type { Outbox, UnitOfWork } from '@opendls/postgres';
import { tombstoneRecord, type StateStream } from './device-state.js';
import type { DevicesStore } from './devices.store.js';

/** Removes a phone with its items and contacts, and tells the state topic. It comes back with its next contact. */
export class RemoveDevice {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly devices: DevicesStore,
    private readonly outbox: Outbox,
    private readonly stream: StateStream,
  ) {}

  /** False when there is no such phone. */
  async execute(deviceId: DeviceId): Promise<boolean> {
    return this.unitOfWork.run(async (tx) => {
      const isRemoved = await this.devices.remove(tx, deviceId);
      if (isRemoved) await this.outbox.append(tx, [tombstoneRecord(deviceId, this.stream)]);
      return isRemoved;
    });
  }
}
