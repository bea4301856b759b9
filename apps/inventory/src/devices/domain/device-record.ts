import type { ContactReason, DeviceFacts, DeviceId, InventoryDevice, PhoneConnection } from '@opendls/event-contracts';
import { macAddressOf } from '@opendls/event-contracts';

/** What a phone states of itself. The MAC address is not among them: it follows from the device id. */
export type Facts = Omit<DeviceFacts, 'macAddress'>;
export type FactName = keyof Facts;

export const FACT_NAMES = [
  'deviceType',
  'softwareType',
  'softwareVersion',
  'e164',
  'basicE164',
  'contactMeUri',
  'partNumber',
] as const satisfies readonly FactName[];

/** When and why a phone was seen; absent as long as only later events of a contact, not its opening, have arrived. */
export interface Sighting {
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly lastReason: ContactReason;
  readonly listener: PhoneConnection['listener'];
  readonly remoteAddress: string;
}

/** The items of the opening message that was applied last, so that the same items need not be written at every start. */
export interface OpeningItems {
  readonly digest: string;
  readonly confirmedAt: Date;
}

/** Everything the inventory keeps of one phone, but for its items and contacts. */
export interface DeviceRecord {
  readonly deviceId: DeviceId;
  readonly facts: Facts;
  /** Facts that are older than the last opening, which did not state them: when they were stated (epoch ms). */
  readonly factTimes: Readonly<Partial<Record<FactName, number>>>;
  readonly sighting: Sighting | null;
  readonly startUpCount: number;
  readonly itemsReportedAt: Date | null;
  readonly openingItems: OpeningItems | null;
  /** Rises with every change that others can see; 0 as long as there was none. */
  readonly version: number;
}

/** What a phone said when it opened a contact. */
export interface Opening {
  readonly at: Date;
  readonly reason: ContactReason;
  readonly facts: Facts;
  readonly connection: Pick<PhoneConnection, 'listener' | 'remoteAddress'>;
  /** False when this contact is known already: the phone repeated its message. */
  readonly isNewContact: boolean;
}

const NO_FACTS: Facts = {
  deviceType: null,
  softwareType: null,
  softwareVersion: null,
  e164: null,
  basicE164: null,
  contactMeUri: null,
  partNumber: null,
};

/** The record of a phone nothing is known of. */
export function unknownDevice(deviceId: DeviceId): DeviceRecord {
  return {
    deviceId,
    facts: NO_FACTS,
    factTimes: {},
    sighting: null,
    startUpCount: 0,
    itemsReportedAt: null,
    openingItems: null,
    version: 0,
  };
}

/**
 * The record after a phone opened a contact. Openings may arrive in any order: the newest decides what is current, an older
 * one only fills in what no newer one stated, and no time moves backwards.
 */
export function applyOpening(device: DeviceRecord, opening: Opening): DeviceRecord {
  const isStart = opening.reason === 'start-up' && opening.isNewContact;
  return {
    ...device,
    ...mergeFacts(device, opening),
    sighting: mergeSighting(device.sighting, opening),
    startUpCount: device.startUpCount + (isStart ? 1 : 0),
  };
}

/** Whether anything that others can see differs. */
export function isVisiblyChanged(before: DeviceRecord, after: DeviceRecord): boolean {
  return (
    before.facts !== after.facts ||
    before.sighting !== after.sighting ||
    before.startUpCount !== after.startUpCount ||
    before.itemsReportedAt !== after.itemsReportedAt
  );
}

function mergeSighting(known: Sighting | null, { at, reason, connection }: Opening): Sighting {
  const latest = { lastSeenAt: at, lastReason: reason, ...pickConnection(connection) };
  if (known === null) return { firstSeenAt: at, ...latest };
  const firstSeenAt = at < known.firstSeenAt ? at : known.firstSeenAt;
  return isAfter(known.lastSeenAt, at) ? { ...known, firstSeenAt } : { firstSeenAt, ...latest };
}

function pickConnection({ listener, remoteAddress }: Opening['connection']): Opening['connection'] {
  return { listener, remoteAddress };
}

function mergeFacts(device: DeviceRecord, opening: Opening): Pick<DeviceRecord, 'facts' | 'factTimes'> {
  const { sighting } = device;
  const isLate = isAfter(sighting?.lastSeenAt ?? null, opening.at);
  const facts: Record<FactName, string | null> = { ...device.facts };
  const factTimes: Partial<Record<FactName, number>> = {};
  for (const name of FACT_NAMES) {
    const statedAt =
      device.facts[name] === null ? undefined : (device.factTimes[name] ?? sighting?.lastSeenAt.getTime());
    const stated = opening.facts[name];
    if (stated !== null && (statedAt === undefined || opening.at.getTime() >= statedAt)) {
      facts[name] = stated;
      if (isLate) factTimes[name] = opening.at.getTime();
    } else if (statedAt !== undefined && (!isLate || device.factTimes[name] !== undefined)) {
      factTimes[name] = statedAt;
    }
  }
  return { facts, factTimes };
}

function isAfter(known: Date | null, at: Date): boolean {
  return known !== null && known > at;
}

/** The record as API, exports and the state topic show it; undefined as long as no opening was seen. */
export function toInventoryDevice(device: DeviceRecord): InventoryDevice | undefined {
  const { sighting } = device;
  if (sighting === null) return undefined;
  return {
    deviceId: device.deviceId,
    macAddress: macAddressOf(device.deviceId),
    ...device.facts,
    remoteAddress: sighting.remoteAddress,
    listener: sighting.listener,
    firstSeenAt: sighting.firstSeenAt.toISOString(),
    lastSeenAt: sighting.lastSeenAt.toISOString(),
    lastReason: sighting.lastReason,
    startUpCount: device.startUpCount,
    itemsReportedAt: device.itemsReportedAt?.toISOString() ?? null,
    version: device.version,
  };
}
