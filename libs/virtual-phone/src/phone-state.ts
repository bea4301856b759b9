import type { Item, ItemStatus, ReasonForContact, WorkpointMessage } from '@opendls/dls-codec';
import type { Mobility, MobilityPurpose } from './mobility.js';
import type { Personality } from './personality.js';
import type { PhoneItems, StoredItem } from './phone-items.js';
import type { RandomState } from './random.js';
import type { Security } from './secure-mode.js';

/** Reasons that open an interaction (PROTOCOL 3.1). */
export type InitialReason = Extract<
  ReasonForContact,
  'start-up' | 'local-changes' | 'inventory-changes' | 'solicited' | 'status'
>;

/** What stays the same for the life of one phone. */
export interface PhoneProfile {
  readonly personality: Personality;
  /** As on the label: upper-case hexadecimal digits with colons; soft clients have another identity. */
  readonly macAddress: string;
  readonly contactMeUri: string;
  /** Longest message it sends, in bytes; longer replies go out in fragments. */
  readonly fragmentBytes: number;
  /** The manual describes one nonce per flow, most traces show a new one per message (PROTOCOL 2.3). */
  readonly nonceStyle: 'per-message' | 'per-flow';
  /** Wait before a message answered with overload is repeated. */
  readonly overloadBackOffMs: { readonly min: number; readonly max: number };
  /** ContactMe requests are ignored within this time after a contact; absent: what its item says (PROTOCOL 8.1). */
  readonly contactGapMs?: number;
  /** Planted refusals by item key (`sip-pwd`, `function-key-def[3]`) or name. */
  readonly refusals: ReadonlyMap<string, ItemStatus>;
  /** Answers ReadAllItems with busy too while in a call, as real phones sometimes do (PROTOCOL 4.6). */
  readonly isBusyForReads: boolean;
  /** Order of the fragments of a long reply. */
  readonly fragmentOrder: 'in-order' | 'reversed';
  /** Of PKCS#12 items; how it travels is not known, so that it is empty unless told (PROTOCOL 11.5). */
  readonly certificatePassphrase: string;
  /** Brings its own settings back when a mobile user leaves; otherwise that is left to the service (PROTOCOL 11.13). */
  readonly restoresDeviceProfile: boolean;
}

/** An interaction the phone wants to open. */
export interface WantedContact {
  readonly reason: InitialReason;
  /** Items that go along on top of the basic ones. */
  readonly items: readonly StoredItem[];
  /** Part of a mobile user's logon or logoff. */
  readonly purpose?: MobilityPurpose;
}

/** The interaction that is going on. */
export interface OpenContact {
  readonly reason: InitialReason;
  /** The message that waits for its answer, or that is repeated after an overload. */
  readonly message: WorkpointMessage;
  /** Parts of the reply that wait for GetNextFragment. */
  readonly fragments: readonly (readonly Item[])[];
  /** The message hands over everything that changed locally: once delivered, nothing is changed any more. */
  readonly reportsChanges: boolean;
  readonly purpose?: MobilityPurpose;
  /** Set while the phone ends the interaction itself: why. */
  readonly givesUp?: PhoneFailure;
}

/** Something the service did that no phone accepts. */
export interface PhoneFailure {
  readonly kind: FailureKind;
  readonly message: string;
}

export type FailureKind =
  | 'aborted'
  | 'connection'
  | 'timeout'
  | 'untrusted-server'
  | 'http-status'
  | 'missing-content-length'
  | 'chunked'
  | 'content-type'
  | 'undecodable'
  | 'not-a-dls-message'
  | 'nonce-mismatch'
  | 'unknown-action'
  | 'oversized'
  | 'too-many-items'
  | 'too-many-overloads'
  | 'too-many-exchanges'
  | 'too-many-contacts'
  | 'unexpected';

export interface PhoneState {
  readonly profile: PhoneProfile;
  readonly items: PhoneItems;
  readonly softwareVersion: string;
  readonly nonces: RandomState;
  readonly chance: RandomState;
  readonly phase: 'off' | 'idle' | 'asking' | 'backing-off' | 'deploying';
  readonly contact: OpenContact | null;
  /** Interactions wanted while another one is open, oldest first. */
  readonly wanted: readonly WantedContact[];
  readonly isInCall: boolean;
  /** Told to come back when idle (`send-solicited`); one contact whatever the number of requests. */
  readonly owesContact: boolean;
  /** Something changed that the service has not read. */
  readonly isConfigurationChanged: boolean;
  readonly lastContactAtMs: number | null;
  readonly mobility: Mobility;
  readonly security: Security;
}
