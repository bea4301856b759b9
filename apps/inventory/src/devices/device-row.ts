import type { DeviceEntity } from './device.entity.js';
import type { DeviceRecord, FactName, Sighting } from './domain/device-record.js';
import { FACT_NAMES } from './domain/device-record.js';
import { searchTextOf } from './domain/search-text.js';
import { softwareVersionSortKey } from './domain/software-version.js';

/** A device as it is written: by column name, dates as ISO text, read by `json_to_recordset`. */
export interface DeviceRow {
  readonly device_id: string;
  readonly [column: string]: unknown;
}

/** Columns that are written, with their types. */
export const WRITTEN_COLUMNS = {
  device_id: 'text',
  device_type: 'text',
  software_type: 'text',
  software_version: 'text',
  software_version_sort: 'text',
  e164: 'text',
  basic_e164: 'text',
  contact_me_uri: 'text',
  part_number: 'text',
  fact_times: 'jsonb',
  remote_address: 'text',
  listener: 'text',
  first_seen_at: 'timestamptz',
  last_seen_at: 'timestamptz',
  last_reason: 'text',
  start_up_count: 'integer',
  items_reported_at: 'timestamptz',
  opening_digest: 'text',
  opening_confirmed_at: 'timestamptz',
  search_text: 'text',
  version: 'integer',
} as const;

/** The row of a record. */
export function toRow(device: DeviceRecord): DeviceRow {
  const { facts, sighting, openingItems } = device;
  return {
    device_id: device.deviceId,
    device_type: facts.deviceType,
    software_type: facts.softwareType,
    software_version: facts.softwareVersion,
    software_version_sort: softwareVersionSortKey(facts.softwareVersion),
    e164: facts.e164,
    basic_e164: facts.basicE164,
    contact_me_uri: facts.contactMeUri,
    part_number: facts.partNumber,
    fact_times: device.factTimes,
    remote_address: sighting?.remoteAddress ?? null,
    listener: sighting?.listener ?? null,
    first_seen_at: sighting?.firstSeenAt ?? null,
    last_seen_at: sighting?.lastSeenAt ?? null,
    last_reason: sighting?.lastReason ?? null,
    start_up_count: device.startUpCount,
    items_reported_at: device.itemsReportedAt,
    opening_digest: openingItems?.digest ?? null,
    opening_confirmed_at: openingItems?.confirmedAt ?? null,
    search_text: searchTextOf(device),
    version: device.version,
  };
}

/** The record of a row. */
export function toRecord(row: DeviceEntity): DeviceRecord {
  const facts: Partial<Record<FactName, string | null>> = {};
  for (const name of FACT_NAMES) facts[name] = row[name];
  const { openingDigest, openingConfirmedAt } = row;
  return {
    deviceId: row.deviceId,
    // Every fact was just copied.
    facts: facts as DeviceRecord['facts'],
    factTimes: row.factTimes,
    sighting: sightingOf(row),
    startUpCount: row.startUpCount,
    itemsReportedAt: row.itemsReportedAt,
    openingItems:
      openingDigest === null || openingConfirmedAt === null
        ? null
        : { digest: openingDigest, confirmedAt: openingConfirmedAt },
    version: row.version,
  };
}

function sightingOf(row: DeviceEntity): Sighting | null {
  const { firstSeenAt, lastSeenAt, lastReason, listener, remoteAddress } = row;
  // All of them or none, see the constraint device_sighting_whole.
  if (!firstSeenAt || !lastSeenAt || !lastReason || !listener || remoteAddress === null) return null;
  return { firstSeenAt, lastSeenAt, lastReason, listener, remoteAddress };
}
