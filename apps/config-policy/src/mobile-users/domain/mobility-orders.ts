import type { ItemToWrite } from '@opendls/event-contracts';
import { itemKey } from '@opendls/item-catalog';
import type { FeatureDevice, PlannedOrder } from '../../devices/domain/feature-rules.js';
import { comparableValue } from '../../policies/domain/item-value.js';
import type { OrderTarget } from '../../work-orders/domain/work-order.js';
import { profileName, type MobileUser, type ProfileValue, type UserDataValue } from './mobile-user.js';

/** What is remembered of a secret that was written. */
export type MarkSecret = (value: string, deviceId: string, itemKey: string) => string;

/** Records of the bus hold 1 MiB: more user data than this goes into further orders. */
const MAX_ORDER_CHARACTERS = 400_000;

/** The items that tell a phone who is on it, and that nobody else may want. */
export function identityItems(user: MobileUser): readonly ProfileValue[] {
  return [{ name: 'e164', value: user.e164, secret: false }];
}

/** Logon, step 2: the profile, with the state as the vendor's service writes it (PROTOCOL 4.12). */
export function logonOrder(device: FeatureDevice, user: MobileUser, markSecret: MarkSecret): PlannedOrder {
  const items = [...identityItems(user), ...user.profile];
  const state: ItemToWrite = { name: 'sip-mobility-state', value: '0', itemStatus: 'secure' };
  const targets = new Map<string, OrderTarget>(
    [{ name: 'sip-mobility-state', value: '0', secret: false }, ...items].map((item) => [
      keyOf(item),
      targetOf(item, user, device.state.deviceId, markSecret),
    ]),
  );
  return {
    key: `mobility-logon:${user.e164}`,
    kind: 'mobility-logon',
    rank: 'mobility',
    steps: [{ kind: 'write-items', items: [state, ...items.map((item) => toWrite(device, item))] }],
    targets,
    parameters: { e164: user.e164, revision: user.revision },
    onlyInThisContact: true,
  };
}

/** Forced logoff: the phone then logs off as if its user had asked for it, and offers the user data. */
export function logoffOrder(e164: string): PlannedOrder {
  return {
    key: `mobility-logoff:${e164}`,
    kind: 'mobility-logoff',
    rank: 'mobility',
    steps: [{ kind: 'write-items', items: [{ name: 'sip-mobility-state', value: '1', itemStatus: 'secure' }] }],
    parameters: { e164 },
    wantsContactNow: true,
  };
}

/** Logon, step 8: what was stored of what the phone asks for; none: nothing to do. */
export function restoreOrders(device: FeatureDevice, e164: string, data: readonly UserDataValue[]): PlannedOrder[] {
  const items = data.map((one) => toWrite(device, { ...one, secret: true }));
  return inPieces(items).map((piece, number) => ({
    key: `user-data-restore:${e164}:${number}`,
    kind: 'user-data-restore',
    rank: 'mobility',
    steps: [{ kind: 'write-items', items: piece }],
    parameters: { e164, items: [...new Set(piece.map(({ name }) => name))] },
    onlyInThisContact: true,
  }));
}

/** Logoff, step 2. */
export function saveOrder(e164: string, names: readonly string[]): PlannedOrder {
  return {
    key: `user-data-save:${e164}`,
    kind: 'user-data-save',
    rank: 'mobility',
    steps: [{ kind: 'read-items', items: names.map((name) => ({ name })) }],
    parameters: { e164, items: [...names] },
    onlyInThisContact: true,
  };
}

function keyOf({ name, index }: Pick<ProfileValue, 'name' | 'index'>): string {
  return itemKey(name, index);
}

function refOf({ name, index }: Pick<ProfileValue, 'name' | 'index'>): { name: string; index?: number } {
  return index === undefined ? { name } : { name, index };
}

function toWrite(device: FeatureDevice, item: ProfileValue): ItemToWrite {
  const ref = refOf(item);
  return item.secret ? { ...ref, sealed: device.seal(item.value, keyOf(item)) } : { ...ref, value: item.value };
}

function targetOf(item: ProfileValue, user: MobileUser, deviceId: string, markSecret: MarkSecret): OrderTarget {
  const comparable = comparableValue(item.name, item.value);
  const from = { policy: profileName(user.e164), revision: user.revision };
  if (!item.secret) return { ...refOf(item), mark: comparable, comparable, ...from };
  return { ...refOf(item), mark: markSecret(comparable, deviceId, keyOf(item)), ...from };
}

function inPieces(items: readonly ItemToWrite[]): ItemToWrite[][] {
  const pieces: ItemToWrite[][] = [];
  let left = 0;
  for (const item of items) {
    const size = 'sealed' in item ? item.sealed.length : 0;
    if (size > left) {
      pieces.push([]);
      left = MAX_ORDER_CHARACTERS;
    }
    pieces.at(-1)?.push(item);
    left -= size;
  }
  return pieces;
}
