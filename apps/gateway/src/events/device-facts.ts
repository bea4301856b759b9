import { clipText, type Item } from '@opendls/dls-codec';
import { deviceIdFromIdentity, macAddressOf, type DeviceFacts, type DeviceId } from '@opendls/event-contracts';

const MAX_FACT_LENGTH = 255;

/** What a phone says of itself in an initial message (PROTOCOL 3.3). */
export interface BasicItems {
  readonly device: DeviceFacts;
  readonly configurationChanged: boolean | null;
  readonly itemsAttached: boolean;
}

/** The phone that sent these items; undefined when `mac-addr` is missing, unreadable, or no identity. */
export function deviceIdOf(items: readonly Item[]): DeviceId | undefined {
  const item = items.find(({ name, status, value }) => name === 'mac-addr' && status === undefined && value !== '');
  return item === undefined ? undefined : deviceIdFromIdentity(item.value);
}

/** The basic items of an initial message; what the phone could not read (status) is not known. */
export function basicItems(deviceId: DeviceId, items: readonly Item[]): BasicItems {
  const values = new Map<string, string>();
  for (const { name, index, value, status } of items) {
    if (index === undefined && status === undefined && value !== '') values.set(name, value);
  }
  const text = (name: string): string | null => {
    const value = values.get(name);
    return value === undefined ? null : clipText(value, MAX_FACT_LENGTH);
  };
  return {
    device: {
      macAddress: macAddressOf(deviceId),
      deviceType: text('device-type'),
      softwareType: text('software-type'),
      softwareVersion: text('software-version'),
      e164: text('e164'),
      basicE164: text('basic-e164'),
      contactMeUri: text('contact-me-uri'),
      partNumber: text('part-number'),
    },
    configurationChanged: flag(values.get('configuration-changed-flag')),
    itemsAttached: flag(values.get('configuration-attached-flag')) ?? false,
  };
}

function flag(text: string | undefined): boolean | null {
  const word = text?.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : null;
}
