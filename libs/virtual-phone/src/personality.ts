import type { CookieHabits } from './cookie.js';
import type { ConnectionHabits } from './https-client.js';

/** What differs between models and firmware versions in the way they speak. */
export interface Personality {
  /** Name users choose it by. */
  readonly name: string;
  /** Further names, kept for those who know them. */
  readonly aliases: readonly string[];
  readonly deviceType: string;
  readonly softwareType: string;
  readonly softwareVersion: string;
  readonly partNumber: string;
  /** `maxItems` of its messages; absent: old firmware does not send the attribute. */
  readonly maxItems?: number;
  /** Old firmware reports `gigabit-ethernet` with status failed instead of `gigabit-ethernet-enabled`. */
  readonly gigabitEthernet: boolean | 'unsupported';
  /** In which initial messages the user password goes along (PROTOCOL 3.3); with a mobile logon it always does. */
  readonly sendsUserPassword: 'always' | 'except-start-up' | 'never';
  /** `software-version` is part of the basic items. */
  readonly sendsSoftwareVersion: boolean;
  /** Fault flags and cloud PIN of V3 firmware. */
  readonly sendsFaultReport: boolean;
  /** Changed items travel with `local-changes` (firmware from V2R2, PROTOCOL 4.3). */
  readonly attachesChangedItems: boolean;
  /** Comes back by itself after a CleanUp with `send-solicited` (firmware from V3R3, PROTOCOL 4.6). */
  readonly honoursSendSolicited: boolean;
  /** Sends `status` after a deployment of several files; the manual says no, the field says yes (PROTOCOL 4.9). */
  readonly reportsSeveralFiles: boolean;
  /** False: `&lt;`, `&gt;` and `&amp;` are stored as they come (PROTOCOL 6.5). */
  readonly decodesEntities: boolean;
  /** How its Cookie header looks (PROTOCOL 1.3). */
  readonly cookieStyle: CookieHabits['style'];
  /** Programmable keys of the phone itself. */
  readonly keyCount: number;
  /** TLS of its firmware (PROTOCOL 1.4). */
  readonly tls: ConnectionHabits;
  /** User data it keeps for a mobile user (PROTOCOL 4.12). */
  readonly userDataItems: readonly string[];
}

/** True for phones that no listener with today's TLS can hear: they need the legacy one. */
export function speaksLegacyTlsOnly({ tls }: Personality): boolean {
  return tls.maxTlsVersion === 'TLSv1' || tls.maxTlsVersion === 'TLSv1.1';
}
