import type { ComplianceState } from '@opendls/event-contracts';
import type { DataSource } from 'typeorm';
import { DeviceWorkspace, type WorkspaceParts } from './device-workspace.js';
import { DeviceError } from './devices.errors.js';
import type { DeviceSummary } from './devices.store.js';
import type { DesiredItem } from './domain/desired-configuration.js';
import type { DeviceState } from './domain/device-state.js';
import type { Difference } from './domain/difference.js';

/** A phone compared with the policies of this moment. */
export interface DeviceView {
  readonly state: DeviceState;
  readonly desired: readonly DesiredItem[];
  readonly differences: readonly Difference[];
}

/** Reads phones. */
export class DevicesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly parts: WorkspaceParts,
  ) {}

  async get(deviceId: string): Promise<DeviceView> {
    const state = await this.parts.devices.find(deviceId);
    if (state === undefined) throw notFound();
    const workspace = await DeviceWorkspace.open(this.parts, this.dataSource.manager, new Map([[deviceId, state]]));
    const device = workspace.device(deviceId);
    if (device === undefined) throw notFound();
    const differences = device.replan();
    return { state: device.state, desired: device.configuration().items, differences };
  }

  /** In the order of device ids. One more than `limit` shows that there are more. */
  async list(
    filter: { readonly state?: ComplianceState },
    after: string | undefined,
    limit: number,
  ): Promise<readonly DeviceSummary[]> {
    return this.parts.devices.list(filter, after, limit + 1);
  }
}

function notFound(): DeviceError {
  return new DeviceError('device-not-found', 'no phone with this id has been seen');
}
