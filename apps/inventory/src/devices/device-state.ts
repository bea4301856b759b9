import {
  INVENTORY_DEVICE_TOPIC,
  prefixedTopic,
  toRecord,
  type DeviceId,
  type EventRecord,
} from '@opendls/event-contracts';
import { toInventoryDevice, type DeviceRecord } from './domain/device-record.js';

/** How state events are made: whose they are, where they go, what time it is. */
export interface StateStream {
  /** `/opendls/inventory/<instance>`. */
  readonly source: string;
  readonly topicPrefix: string;
  readonly newId: () => string;
  readonly now: () => Date;
}

/** The `device-updated` event of a record; undefined as long as no opening of the phone was seen. */
export function deviceUpdatedRecord(device: DeviceRecord, stream: StateStream): EventRecord | undefined {
  const data = toInventoryDevice(device);
  if (data === undefined) return undefined;
  const event = {
    id: stream.newId(),
    type: 'opendls.inventory.device-updated' as const,
    source: stream.source,
    subject: device.deviceId,
    time: stream.now(),
    data,
  };
  return toRecord(event, stream.topicPrefix);
}

/** The tombstone of a removed phone: after compaction nothing of it is left. */
export function tombstoneRecord(deviceId: DeviceId, stream: StateStream): EventRecord {
  return {
    topic: prefixedTopic(stream.topicPrefix, INVENTORY_DEVICE_TOPIC.name),
    key: deviceId,
    headers: {
      ce_specversion: '1.0',
      ce_id: stream.newId(),
      ce_source: stream.source,
      ce_type: 'opendls.inventory.device-updated',
      ce_subject: deviceId,
      ce_time: stream.now().toISOString(),
    },
    value: null,
  };
}
