import type { ItemStatus } from '@opendls/dls-codec';
import { MAX_MESSAGE_BYTES } from '@opendls/dls-codec';
import { factoryItems } from './factory-items.js';
import { DEFAULT_PERSONALITY } from './find-personality.js';
import { NOBODY } from './mobility.js';
import type { Personality } from './personality.js';
import type { FactoryItems, StoredItem } from './phone-items.js';
import { PhoneItems } from './phone-items.js';
import type { PhoneProfile, PhoneState } from './phone-state.js';
import { seedRandom } from './random.js';
import { DEFAULT_MODE } from './secure-mode.js';

/** What a phone is; everything but the MAC address has a default. */
export interface PhoneIdentity {
  readonly macAddress: string;
  readonly e164?: string;
  readonly personality?: Personality;
  readonly contactMeUri?: string;
  /** Settings on leaving the factory; fleets share one set. */
  readonly factoryItems?: FactoryItems;
  /** Number of settings it has; raises the model's own number. */
  readonly itemCount?: number;
  /** Settings that differ from the factory's when it is switched on first. */
  readonly items?: readonly StoredItem[];
  /** The service has not read this phone yet; true for a new phone. */
  readonly isConfigurationChanged?: boolean;
  /** Mobile users may log on from the beginning, without the service having allowed it (`mobility-enabled`). */
  readonly isMobilityEnabled?: boolean;
}

/** How a phone behaves. */
export interface PhoneBehaviour {
  readonly fragmentBytes?: number;
  readonly nonceStyle?: PhoneProfile['nonceStyle'];
  readonly overloadBackOffMs?: PhoneProfile['overloadBackOffMs'];
  /** Default: the item `dls-contact-interval`, 300 s from the factory. */
  readonly contactGapMs?: number;
  readonly refusals?: ReadonlyMap<string, ItemStatus>;
  readonly isBusyForReads?: boolean;
  readonly fragmentOrder?: PhoneProfile['fragmentOrder'];
  readonly certificatePassphrase?: string;
  readonly restoresDeviceProfile?: boolean;
  /** Name of the item with the seconds between DCMP polls; the real one is not known (PROTOCOL 8.2). */
  readonly dcmpIntervalItem?: string;
  /** Chance: waiting times. */
  readonly seed?: number;
  /** Nonces; kept apart from `seed` so that a repeated run does not look like repeated messages. */
  readonly nonceSeed?: number;
}

export const DEFAULT_DCMP_INTERVAL_ITEM = 'dcmp-interval';

const MOBILITY_ENABLED: readonly StoredItem[] = [
  { name: 'mobility-enabled', value: 'true' },
  { name: 'sip-mobility-state', value: '1' }, // nobody is logged on
];

/** A phone that is switched off. */
export function newPhone(options: PhoneIdentity & PhoneBehaviour): PhoneState {
  const personality = options.personality ?? DEFAULT_PERSONALITY;
  const seed = options.seed ?? 1;
  const factory = options.factoryItems ?? factoryItems(personality, options.itemCount);
  const e164 = options.e164 ?? '';
  const own: StoredItem[] = [
    { name: 'e164', value: e164 },
    { name: 'basic-e164', value: e164 },
    { name: 'dcmp-url', value: '' },
    { name: options.dcmpIntervalItem ?? DEFAULT_DCMP_INTERVAL_ITEM, value: '' },
    ...(options.isMobilityEnabled === true ? MOBILITY_ENABLED : []),
    ...(options.items ?? []),
  ];
  return {
    profile: {
      personality,
      macAddress: options.macAddress,
      contactMeUri: options.contactMeUri ?? 'http://192.0.2.1:8085/contact_dls.html/ContactDLS',
      fragmentBytes: options.fragmentBytes ?? MAX_MESSAGE_BYTES,
      nonceStyle: options.nonceStyle ?? 'per-message',
      overloadBackOffMs: options.overloadBackOffMs ?? { min: 2000, max: 4000 },
      ...(options.contactGapMs === undefined ? {} : { contactGapMs: options.contactGapMs }),
      refusals: options.refusals ?? new Map(),
      isBusyForReads: options.isBusyForReads ?? false,
      fragmentOrder: options.fragmentOrder ?? 'in-order',
      certificatePassphrase: options.certificatePassphrase ?? '',
      restoresDeviceProfile: options.restoresDeviceProfile ?? false,
    },
    items: PhoneItems.fromFactory(factory).with(own),
    softwareVersion: personality.softwareVersion,
    nonces: seedRandom(options.nonceSeed ?? seed, 1),
    chance: seedRandom(seed, 2),
    phase: 'off',
    contact: null,
    wanted: [],
    isInCall: false,
    owesContact: false,
    isConfigurationChanged: options.isConfigurationChanged ?? true,
    lastContactAtMs: null,
    mobility: NOBODY,
    security: DEFAULT_MODE,
  };
}
