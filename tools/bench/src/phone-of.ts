import { parseDeviceId, type DeviceId } from '@opendls/event-contracts';

/** The id of one of the phones of a measurement, by its number. */
export function phoneOf(n: number): DeviceId {
  const deviceId = parseDeviceId(`02005e${n.toString(16).padStart(6, '0')}`);
  if (deviceId === undefined) throw new Error(`phone ${n} has no id`);
  return deviceId;
}
