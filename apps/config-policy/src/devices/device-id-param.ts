import { deviceIdFromIdentity, parseDeviceId, type DeviceId } from '@opendls/event-contracts';
import { problem } from '@opendls/http';
import { DEVICE_PROBLEMS } from './devices.errors.js';

/** The path parameter, for the API's description. */
export const DEVICE_ID_PARAM = {
  name: 'deviceId',
  description: 'MAC address as 12 lower-case hex digits (with separators too), or `id-` and a name',
  example: '001ae8005301',
};

/** @throws HttpProblem `device-id-invalid` */
export function deviceIdOf(text: string): DeviceId {
  const isMac = /^[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}$/i.test(text);
  const deviceId = isMac ? deviceIdFromIdentity(text) : parseDeviceId(text);
  if (deviceId === undefined) throw problem(DEVICE_PROBLEMS, 'device-id-invalid');
  return deviceId;
}
