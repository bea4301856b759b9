import { clipText } from '@opendls/dls-codec';
import { macAddressOf } from '@opendls/event-contracts';
import type { DeviceRecord } from './device-record.js';

const MAX_LENGTH = 2_000;

/** Everything of a phone that a free text search looks at, in lower case, one fact per line. */
export function searchTextOf({ deviceId, facts, sighting }: DeviceRecord): string {
  const parts = [
    deviceId,
    macAddressOf(deviceId),
    facts.deviceType,
    facts.softwareType,
    facts.softwareVersion,
    facts.e164,
    facts.basicE164,
    facts.contactMeUri,
    facts.partNumber,
    sighting?.remoteAddress,
  ];
  const text = parts.filter((part) => part !== null && part !== undefined && part !== '').join('\n');
  return clipText(text.toLowerCase(), MAX_LENGTH);
}

/** The words of a search, in lower case; all of them have to occur. */
export function searchWords(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .toLowerCase()
        .split(/\s+/)
        .filter((word) => word !== ''),
    ),
  ];
}
