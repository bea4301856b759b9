/** What differs between models and firmware versions in the way they speak. */
export interface Personality {
  /** Name users choose it by. */
  readonly name: string;
  readonly deviceType: string;
  readonly softwareType: string;
  readonly softwareVersion: string;
  readonly partNumber: string;
  /** `maxItems` of its messages; absent: old firmware does not send the attribute. */
  readonly maxItems?: number;
  /** Old firmware reports `gigabit-ethernet` with status failed instead of `gigabit-ethernet-enabled`. */
  readonly gigabitEthernet: boolean | 'unsupported';
  /** In which initial messages the user password goes along (PROTOCOL 3.3). */
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
  /** Programmable keys of the phone itself. */
  readonly keyCount: number;
}

const OPENSTAGE_60_V3: Personality = {
  name: 'openstage-60',
  deviceType: 'OpenStage 60',
  softwareType: 'Siemens SIP',
  softwareVersion: 'V3 R4.11.0',
  partNumber: 'S30817-S7403-A101-022',
  maxItems: -1,
  gigabitEthernet: false,
  sendsUserPassword: 'except-start-up',
  sendsSoftwareVersion: true,
  sendsFaultReport: true,
  attachesChangedItems: true,
  honoursSendSolicited: true,
  reportsSeveralFiles: false,
  keyCount: 8,
};

const OPENSTAGE_40_V1: Personality = {
  name: 'openstage-40-v1',
  deviceType: 'OpenStage 40',
  softwareType: 'Siemens SIP',
  softwareVersion: 'V1 R5.6.53',
  partNumber: 'Unknown',
  gigabitEthernet: 'unsupported',
  sendsUserPassword: 'always',
  sendsSoftwareVersion: false,
  sendsFaultReport: false,
  attachesChangedItems: false,
  honoursSendSolicited: false,
  reportsSeveralFiles: true,
  keyCount: 6,
};

const DESK_PHONE_CP210: Personality = {
  name: 'cp210',
  deviceType: 'OpenScape Desk Phone CP210',
  softwareType: 'Siemens SIP',
  softwareVersion: 'V2 R0.11.0',
  partNumber: 'Unknown',
  maxItems: -1,
  gigabitEthernet: true,
  sendsUserPassword: 'never',
  sendsSoftwareVersion: true,
  sendsFaultReport: false,
  attachesChangedItems: true,
  honoursSendSolicited: true,
  reportsSeveralFiles: false,
  keyCount: 8,
};

/** The personality a phone has when nobody says otherwise. */
export const DEFAULT_PERSONALITY: Personality = OPENSTAGE_60_V3;

/** All personalities. */
export const PERSONALITIES: readonly Personality[] = [OPENSTAGE_60_V3, OPENSTAGE_40_V1, DESK_PHONE_CP210];

/** Finds a personality by its name or its device type; a device type nobody modelled speaks like the default phone. */
export function personalityOf(nameOrDeviceType: string): Personality {
  const wanted = nameOrDeviceType.toLowerCase();
  const found = PERSONALITIES.find(({ name, deviceType }) => name === wanted || deviceType.toLowerCase() === wanted);
  return found ?? { ...DEFAULT_PERSONALITY, name: wanted, deviceType: nameOrDeviceType };
}
