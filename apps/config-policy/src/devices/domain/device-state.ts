import type { ComplianceState, DeviceDirective, DeviceFacts, ItemRef, WorkOrderKind } from '@opendls/event-contracts';
import type { SelectableFacts } from '../../policies/domain/selector.js';
import { NOT_WOKEN, type WakingState } from '../../waking/domain/contact-plan.js';
import type { BlockedItem, ReportedValue } from './difference.js';

/** Work that failed too often and is not offered again for a while, unless what is wanted changes. */
export interface GivenUp {
  readonly kind: WorkOrderKind;
  /** Marks of the items that were to be written; empty for `read-all`. */
  readonly marks: Readonly<Record<string, string>>;
  readonly at: string;
}

/** All that config-policy keeps of a phone, apart from its orders. */
export interface DeviceState {
  deviceId: string;
  facts: DeviceFacts;
  maxItems: number | null;
  firstSeenAt: Date;
  lastSeenAt: Date;
  /** The contact that is or was the newest, and the event that opened it. */
  contactId: string | null;
  contactReason: string | null;
  contactOpenedAt: Date | null;
  /** What the phone last said of its items; written items count as said until it says otherwise. */
  report: Map<string, ReportedValue>;
  lastReportAt: Date | null;
  /** When all items were last read; null: never. */
  fullReportAt: Date | null;
  /** The phone said that something changed, but not what. */
  isReportStale: boolean;
  applied: Map<string, string>;
  blocked: Map<string, BlockedItem>;
  givenUp: GivenUp | null;
  compliance: ComplianceState;
  complianceSince: Date;
  openItems: readonly ItemRef[];
  /** Version of the policies the state was last computed with. */
  plannedVersion: number;
  /** Names of the secrets its configuration uses. */
  secretRefs: readonly string[];
  /** What features (secure mode, mobile users) keep of the phone, by their names; each reads its own part. */
  features: Readonly<Record<string, unknown>>;
  /** When firmware was last offered: the guard against loops. */
  firmwareOfferedAt: Date | null;
  waking: WakingState;
  /** When the phone is asked to come; null: it is not. */
  nextContactAt: Date | null;
  /** What gateways were last told of the phone; null: nothing, which means no work and Default Mode. */
  directive: Omit<DeviceDirective, 'deviceId'> | null;
}

const NOTHING_STATED: DeviceFacts = {
  macAddress: null,
  deviceType: null,
  softwareType: null,
  softwareVersion: null,
  e164: null,
  basicE164: null,
  contactMeUri: null,
  partNumber: null,
};

/** A phone of which nothing is known but its id. */
export function unknownDevice(deviceId: string, now: Date): DeviceState {
  return {
    deviceId,
    facts: NOTHING_STATED,
    maxItems: null,
    firstSeenAt: now,
    lastSeenAt: now,
    contactId: null,
    contactReason: null,
    contactOpenedAt: null,
    report: new Map(),
    lastReportAt: null,
    fullReportAt: null,
    isReportStale: false,
    applied: new Map(),
    blocked: new Map(),
    givenUp: null,
    compliance: 'unmanaged',
    complianceSince: now,
    openItems: [],
    plannedVersion: 0,
    secretRefs: [],
    features: {},
    firmwareOfferedAt: null,
    waking: NOT_WOKEN,
    nextContactAt: null,
    directive: null,
  };
}

/** What policies may select the phone by. */
export function selectableFacts({ deviceId, facts }: Pick<DeviceState, 'deviceId' | 'facts'>): SelectableFacts {
  const { macAddress, deviceType, softwareType, softwareVersion, e164 } = facts;
  return { deviceId, macAddress, deviceType, softwareType, softwareVersion, e164 };
}

/** Newly stated facts replace old ones; what a message does not state stays known. */
export function mergeFacts(known: DeviceFacts, stated: DeviceFacts): DeviceFacts {
  return {
    macAddress: stated.macAddress ?? known.macAddress,
    deviceType: stated.deviceType ?? known.deviceType,
    softwareType: stated.softwareType ?? known.softwareType,
    softwareVersion: stated.softwareVersion ?? known.softwareVersion,
    e164: stated.e164 ?? known.e164,
    basicE164: stated.basicE164 ?? known.basicE164,
    contactMeUri: stated.contactMeUri ?? known.contactMeUri,
    partNumber: stated.partNumber ?? known.partNumber,
  };
}
