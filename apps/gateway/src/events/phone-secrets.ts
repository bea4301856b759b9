import type { Item } from '@opendls/dls-codec';
import type { InitialReason } from '@opendls/dls-interaction';
import { seal, type SealingKeys } from '@opendls/crypto/sealing';
import { sealContext, type DeviceId } from '@opendls/event-contracts';
import { itemKey } from '@opendls/item-catalog';

/** A message of a phone has at most 50 kB (PROTOCOL 5.1); sealed text takes a third more, and a record 1 MiB. */
const MAX_SEALED_CHARACTERS = 200_000;
const MAX_PASSWORD_LENGTH = 256;

/** `sip-mobility-state` of a phone with a mobile user on it (PROTOCOL 4.12). */
const LOGGED_ON = '0';

/** Seals what one item of a message says, as far as events may carry it. */
export type SealItem = (item: Pick<Item, 'name' | 'index' | 'value'>) => string | undefined;

/** Seals the few secrets of phones that config-policy must have; all others end in the gateway. */
export class PhoneSecrets {
  constructor(private readonly keys: SealingKeys) {}

  /** For the items of one message: user data of mobile users, an opaque copy to be given back (PROTOCOL 4.12). */
  userData(deviceId: DeviceId): SealItem {
    let left = MAX_SEALED_CHARACTERS;
    return ({ name, index, value }) => {
      if (!isUserData(name) || value.length > left) return undefined;
      left -= value.length;
      return seal(this.keys, value, sealContext(deviceId, itemKey(name, index)));
    };
  }

  /** The password that a mobile user typed to log on, if that is what a message is about. */
  logonPassword(deviceId: DeviceId, reason: InitialReason, items: readonly Item[]): string | undefined {
    if (reason !== 'inventory-changes') return undefined;
    const text = (name: string): string =>
      items.find((item) => item.name === name && item.index === undefined && item.status === undefined)?.value ?? '';
    const user = text('e164');
    if (text('sip-mobility-state') !== LOGGED_ON || user === '' || user === text('basic-e164')) return undefined;
    const password = text('user-pwd') || text('user-pwd-unicode');
    if (password === '' || password.length > MAX_PASSWORD_LENGTH) return undefined;
    return seal(this.keys, password, sealContext(deviceId, 'user-pwd'));
  }
}

export function isUserData(name: string): boolean {
  return /^userdata-/i.test(name);
}
