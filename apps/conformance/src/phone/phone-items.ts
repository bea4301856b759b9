import type { PhoneItem } from './message-text.js';
import type { ServiceItem } from './service-message.js';

/** What a phone is. */
export interface PhoneTraits {
  readonly mac: string;
  readonly deviceType: string;
  /** Null = a firmware that tells none. */
  readonly softwareVersion: string | null;
  readonly e164: string;
  readonly isConfigurationChanged: boolean;
  /** Where it is woken; an address of TEST-NET-1, where nothing answers, unless a case listens itself. */
  readonly contactMeUri?: string;
}

const NOWHERE = 'http://192.0.2.31:8085/contact_dls.html/ContactDLS';

/** The basic items of a first message (PROTOCOL 3.3). */
export function basicItems(traits: PhoneTraits): readonly PhoneItem[] {
  const version =
    traits.softwareVersion === null
      ? []
      : [
          { name: 'software-version', value: traits.softwareVersion },
          { name: 'related-software-version', value: traits.softwareVersion },
        ];
  return [
    { name: 'device-type', value: traits.deviceType },
    { name: 'related-device-type', value: traits.deviceType },
    { name: 'gigabit-ethernet-enabled', value: 'false' },
    { name: 'software-type', value: 'Siemens SIP' },
    { name: 'related-software-type', value: 'Siemens SIP' },
    ...version,
    { name: 'contact-me-uri', value: traits.contactMeUri ?? NOWHERE },
    { name: 'mac-addr', value: traits.mac },
    { name: 'configuration-changed-flag', value: String(traits.isConfigurationChanged) },
    { name: 'part-number', value: 'S30817-S7403-A101-022' },
    { name: 'sip-mobility-state', value: '0' },
    { name: 'e164', value: traits.e164 },
    { name: 'basic-e164', value: traits.e164 },
    { name: 'mobility-enabled', value: 'false' },
  ];
}

/** The items a phone holds: what it was born with and what was written to it. */
export class PhoneStore {
  readonly #items = new Map<string, PhoneItem>();

  constructor(items: readonly PhoneItem[]) {
    for (const item of items) this.write(item);
  }

  write({ name, index, value }: PhoneItem | ServiceItem): void {
    this.#items.set(keyOf(name, index), { name, index, value });
  }

  /** The item, or what a phone says of one that it does not know (PROTOCOL 6.2). */
  read({ name, index }: Pick<PhoneItem, 'name' | 'index'>): PhoneItem {
    return this.#items.get(keyOf(name, index)) ?? { name, index, value: '', status: 'failed' };
  }

  all(): readonly PhoneItem[] {
    return [...this.#items.values()];
  }
}

/** Settings of a phone as it leaves the factory, besides the basic items. */
export const FACTORY_ITEMS: readonly PhoneItem[] = [
  { name: 'reg-addr', value: '' },
  { name: 'reg-port', value: '5060' },
  { name: 'sntp-addr', value: '' },
  { name: 'sntp-tz-offset', value: '0' },
  { name: 'auto-daylight-save', value: 'false' },
  { name: 'display-id', value: '' },
  { name: 'display-id-unicode', value: '' },
  ...[0, 1, 2].map((index) => ({ name: 'feature-availability', index, value: 'true' })),
  ...[1, 2, 3, 4].map((index) => ({ name: 'function-key-def', index, value: '0' })),
  ...[1, 2, 3, 4].map((index) => ({ name: 'key-label-unicode', index, value: '' })),
];

function keyOf(name: string, index: number | undefined): string {
  return index === undefined ? name : `${name}[${index}]`;
}
