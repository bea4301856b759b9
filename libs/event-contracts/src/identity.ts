import { z } from 'zod';

/**
 * The identity of a phone everywhere outside the wire: its MAC address as 12 lower-case hex digits, or `id-` and a validated
 * name for clients that have no MAC (soft clients, PROTOCOL: `mac-addr` may hold a non-MAC id). Kafka key, `ce_subject`,
 * table key and URL segment alike.
 */
export type DeviceId = string & z.BRAND<'DeviceId'>;

const DEVICE_ID = /^(?:[0-9a-f]{12}|id-[a-z0-9][a-z0-9._-]{0,63})$/;

export const deviceIdSchema = z
  .string()
  .regex(DEVICE_ID)
  .brand<'DeviceId'>()
  .meta({ description: 'MAC address as 12 lower-case hex digits, or `id-` and a name for clients without one' });

/** The device id in a text that should already be one (URL segment, record key), or undefined. */
export function parseDeviceId(text: string): DeviceId | undefined {
  // The regular expression is the whole definition of the brand.
  return DEVICE_ID.test(text) ? (text as DeviceId) : undefined;
}

/**
 * The device id of what a phone sent as `mac-addr`: `00:1A:E8:00:53:01`, `00-1a-e8-00-53-01` and `001AE8005301` are one phone.
 * Other text becomes `id-<lower-case text>` when it has only letters, digits, `.`, `_`, `-`, at most 64 of them, and begins
 * with a letter or digit. Undefined when it is neither.
 */
export function deviceIdFromIdentity(text: string): DeviceId | undefined {
  const trimmed = text.trim();
  const hex = /^[0-9a-fA-F]{2}(?:[:-]?[0-9a-fA-F]{2}){5}$/.test(trimmed)
    ? trimmed.replace(/[:-]/g, '').toLowerCase()
    : undefined;
  return parseDeviceId(hex ?? `id-${trimmed.toLowerCase()}`);
}

/** `001ae8005301` as `00:1A:E8:00:53:01`, the form phones and people write; null for a client without a MAC. */
export function macAddressOf(deviceId: DeviceId): string | null {
  return deviceId.startsWith('id-') ? null : deviceId.toUpperCase().match(/../g)!.join(':');
}
