import { quirksOf } from '@opendls/firmware';
import type { ConnectionHabits } from './https-client.js';
import { LEGACY_TLS } from './https-client.js';
import type { Personality } from './personality.js';

/** Firmware V3 of the older line: up to TLS 1.2, with the weak suites of before still offered (PROTOCOL 1.4, inferred). */
const V3_TLS: ConnectionHabits = {
  minTlsVersion: 'TLSv1',
  maxTlsVersion: 'TLSv1.2',
  ciphers: 'DEFAULT:@SECLEVEL=0',
};
const CP_TLS: ConnectionHabits = { minTlsVersion: 'TLSv1.2', maxTlsVersion: 'TLSv1.3' };

const USER_DATA: readonly string[] = [
  'userdata-vu1',
  'userdata-call-log',
  'userdata-ring-tone',
  'userdata-phonebook',
  'userdata-call-group',
  'userdata-picture',
  'userdata-screensaver',
  'userdata-ldap',
];
const SMALL_USER_DATA: readonly string[] = ['userdata-vu1', 'userdata-call-log', 'userdata-phonebook'];

type Own = Omit<
  Personality,
  | 'sendsFaultReport'
  | 'attachesChangedItems'
  | 'honoursSendSolicited'
  | 'decodesEntities'
  | 'cookieStyle'
  | 'softwareType'
>;

/** What the firmware does comes from the table that the services use too; the rest is the model's own. */
function modelled(own: Own): Personality {
  const quirks = quirksOf(own);
  return {
    softwareType: 'Siemens SIP',
    ...own,
    sendsFaultReport: quirks.faultFlags,
    attachesChangedItems: quirks.attachedChanges,
    honoursSendSolicited: quirks.sendSolicited,
    decodesEntities: !quirks.legacyEntities,
    cookieStyle: quirks.cookieAttributesEchoed ? 'with-attributes' : 'plain',
  };
}

export const OPENSTAGE_60_V3: Personality = modelled({
  name: 'openstage-60-v3',
  aliases: ['openstage-60'],
  deviceType: 'OpenStage 60',
  softwareVersion: 'V3 R4.11.0',
  partNumber: 'S30817-S7403-A101-022',
  maxItems: -1,
  gigabitEthernet: false,
  sendsUserPassword: 'except-start-up',
  sendsSoftwareVersion: true,
  reportsSeveralFiles: false,
  keyCount: 8,
  tls: V3_TLS,
  userDataItems: USER_DATA,
});

const OPENSTAGE_40_V3: Personality = modelled({
  name: 'openstage-40-v3',
  aliases: ['openstage-40'],
  deviceType: 'OpenStage 40',
  softwareVersion: 'V3 R4.11.0',
  partNumber: 'S30817-S7402-A101-022',
  maxItems: -1,
  gigabitEthernet: false,
  sendsUserPassword: 'except-start-up',
  sendsSoftwareVersion: true,
  reportsSeveralFiles: true,
  keyCount: 6,
  tls: V3_TLS,
  userDataItems: SMALL_USER_DATA,
});

const OPENSTAGE_40_V1: Personality = modelled({
  name: 'openstage-40-v1',
  aliases: [],
  deviceType: 'OpenStage 40',
  softwareVersion: 'V1 R5.6.53',
  partNumber: 'Unknown',
  gigabitEthernet: 'unsupported',
  sendsUserPassword: 'always',
  sendsSoftwareVersion: false,
  reportsSeveralFiles: true,
  keyCount: 6,
  tls: LEGACY_TLS,
  userDataItems: SMALL_USER_DATA,
});

const DESK_PHONE_IP_55G: Personality = modelled({
  name: 'desk-phone-ip-55g',
  aliases: ['55g'],
  deviceType: 'OpenScape Desk Phone IP 55G',
  softwareVersion: 'V3 R5.12.0',
  partNumber: 'S30817-S7720-A101-008',
  maxItems: -1,
  gigabitEthernet: true,
  sendsUserPassword: 'except-start-up',
  sendsSoftwareVersion: true,
  reportsSeveralFiles: true,
  keyCount: 8,
  tls: V3_TLS,
  userDataItems: USER_DATA,
});

const DESK_PHONE_CP210: Personality = modelled({
  name: 'cp210',
  aliases: [],
  deviceType: 'OpenScape Desk Phone CP210',
  softwareVersion: 'V2 R0.11.0',
  partNumber: 'Unknown',
  maxItems: -1,
  gigabitEthernet: true,
  sendsUserPassword: 'never',
  sendsSoftwareVersion: true,
  reportsSeveralFiles: false,
  keyCount: 8,
  tls: CP_TLS,
  userDataItems: SMALL_USER_DATA,
});

const DESK_PHONE_CP710: Personality = modelled({
  name: 'cp710',
  aliases: [],
  deviceType: 'OpenScape Desk Phone CP710',
  softwareVersion: 'V2 R1.4.0',
  partNumber: 'L30250-F600-C441',
  maxItems: -1,
  gigabitEthernet: true,
  sendsUserPassword: 'never',
  sendsSoftwareVersion: true,
  reportsSeveralFiles: false,
  keyCount: 8,
  tls: CP_TLS,
  userDataItems: USER_DATA,
});

/** All personalities; of two of one model the younger firmware comes first and answers to the model's name. */
export const PERSONALITIES: readonly Personality[] = [
  OPENSTAGE_60_V3,
  OPENSTAGE_40_V3,
  OPENSTAGE_40_V1,
  DESK_PHONE_IP_55G,
  DESK_PHONE_CP210,
  DESK_PHONE_CP710,
];
