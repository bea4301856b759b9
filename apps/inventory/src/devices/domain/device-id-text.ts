import { deviceIdFromIdentity, parseDeviceId, type DeviceId } from '@opendls/event-contracts';

/**
 * The device id that a person or program wrote: the id itself in any case, or a MAC address with colons or dashes. Undefined
 * when it is neither; a bare name is not taken for the `id-` form.
 */
export function deviceIdFromText(text: string): DeviceId | undefined {
  const id = parseDeviceId(text.toLowerCase());
  if (id !== undefined) return id;
  const fromMac = deviceIdFromIdentity(text);
  return fromMac?.startsWith('id-') === true ? undefined : fromMac;
}

/** The beginning of a MAC address, however written, as the beginning of a device id; undefined when it is none. */
export function macPrefixFromText(text: string): string | undefined {
  const hex = text.replace(/[:.-]/g, '').toLowerCase();
  return /^[0-9a-f]{1,12}$/.test(hex) ? hex : undefined;
}
