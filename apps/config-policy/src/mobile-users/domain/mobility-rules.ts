import type { ContactOpened, ReportedItem } from '@opendls/event-contracts';
import { itemKey } from '@opendls/item-catalog';
import type { Tx } from '@opendls/postgres';
import type { DeviceState } from '../../devices/domain/device-state.js';
import type { FactsSource, FeatureDevice, FeatureRules, PlannedOrder } from '../../devices/domain/feature-rules.js';
import { overlayItem } from '../../devices/domain/overlay-item.js';
import { comparableValue } from '../../policies/domain/item-value.js';
import type { SelectedItem } from '../../policies/domain/policy-set.js';
import type { SelectableFacts } from '../../policies/domain/selector.js';
import { refusedIn, type WorkOrder } from '../../work-orders/domain/work-order.js';
import { afterFailure, isLocked, NO_FAILURES, PHONE_LIMITS, USER_LIMITS } from './logon-limits.js';
import { profileName, type MobileUser, type PasswordCheck, type UserDataValue } from './mobile-user.js';
import { MobilityChanges } from './mobility-changes.js';
import {
  identityItems,
  logoffOrder,
  logonOrder,
  restoreOrders,
  saveOrder,
  type MarkSecret,
} from './mobility-orders.js';
import {
  MOBILITY,
  mobilityOf,
  NOBODY,
  putMobility,
  readOpening,
  type MobilityOpening,
  type Refusal,
} from './mobility-state.js';
import { userDataNames } from './user-data-items.js';

/** A contact whose end nobody told counts as over. */
const HOLD_MS = 15 * 60_000;
/** A phone that was told to log off does so with its next messages; later it is told again. */
const LOGOFF_DONE_REST_MS = 2 * 60_000;
const LOGOFF_FAILED_REST_MS = 60 * 60_000;
/** Numbers are typed by people: what is kept of a refused one. */
const MAX_SHOWN_NUMBER = 32;

/** What one transaction knows of mobile users. */
export interface MobilityKnowledge {
  readonly now: Date;
  /** By number; those on a phone of the transaction, and those who want to. */
  readonly users: ReadonlyMap<string, MobileUser>;
  /** By number; only of users whose phone asks for it. */
  readonly userData: ReadonlyMap<string, readonly UserDataValue[]>;
  /** How the password of an opening compares. */
  passwordOf(opening: ContactOpened): PasswordCheck;
  /** Opens user data that a phone sent; undefined: it is not authentic. */
  openUserData(deviceId: string, item: ReportedItem): string | undefined;
  readonly markSecret: MarkSecret;
  persist(tx: Tx, changes: MobilityChanges): Promise<void>;
}

/**
 * Mobile users (PROTOCOL 4.12). Who is where is decided by `MobileUser.loggedOnDeviceId`; a phone that says somebody is on it
 * without our having accepted a password there is told to log off. Every contact of a logon or logoff is held: nothing else is
 * done in it.
 */
export class MobilityRules implements FeatureRules {
  readonly name = MOBILITY;
  private readonly changes = new MobilityChanges();

  constructor(private readonly known: MobilityKnowledge) {}

  onOpened(device: FeatureDevice, opening: ContactOpened, reason: string): readonly PlannedOrder[] {
    const said = readOpening(opening);
    if (said.reported === null) return [];
    const { state } = device;
    const isInventory = reason === 'inventory-changed';
    if (said.isDisabled && said.user === null) return this.nobody(state, null);
    if (isInventory && isLogon(opening, said)) return this.logOn(device, opening, said);
    if (said.isDisabled) return this.nobody(state, null);
    if (isInventory && said.reported === '1' && said.user !== null)
      return this.logOff(device, opening, said.user, said);
    if (said.reported === '1' || said.user === null) return this.nobody(state, said.reported);
    return this.present(device, opening, said.user, { ...said, isInventory });
  }

  onReplan({ state }: FeatureDevice): readonly PlannedOrder[] {
    return this.logoffOf(state);
  }

  /** A logoff that was asked for meanwhile is planned here: the event that closes the contact marks the phone as compared. */
  onContactClosed({ state }: FeatureDevice, contactId: string): readonly PlannedOrder[] {
    if (mobilityOf(state).heldContact === contactId) putMobility(state, { heldContact: null });
    return this.logoffOf(state);
  }

  onItemsReported({ state }: FeatureDevice, order: WorkOrder | undefined, items: readonly ReportedItem[]): void {
    if (order?.kind !== 'user-data-save') return;
    const e164 = order.parameters['e164'];
    if (typeof e164 !== 'string' || !this.known.users.has(e164)) return;
    const asked = order.steps.flatMap((step) => (step.kind === 'read-items' ? step.items.map(({ name }) => name) : []));
    for (const name of asked) {
      const values = items.filter((item) => item.name === name).map((item) => this.opened(state.deviceId, item));
      this.changes.saveUserData(e164, name, values);
    }
  }

  onOrderClosed({ state, now }: FeatureDevice, order: WorkOrder): readonly PlannedOrder[] {
    if (order.kind === 'mobility-logoff' && order.state !== 'superseded') {
      const rest = order.state === 'done' ? LOGOFF_DONE_REST_MS : LOGOFF_FAILED_REST_MS;
      putMobility(state, { nextLogoffAt: new Date(now.getTime() + rest) });
      const e164 = String(order.parameters['e164']).slice(0, MAX_SHOWN_NUMBER);
      if (order.state === 'done') this.changes.countLogoff('forced', { deviceId: state.deviceId, e164 });
    }
    if (order.state !== 'done' && order.state !== 'refused') return [];
    const refused = new Set(refusedIn(order).map(({ name, index }) => itemKey(name, index)));
    const { user, written } = mobilityOf(state);
    if (user === null) return [];
    if (order.kind === 'mobility-logon' && refused.has('sip-mobility-state')) return this.nobody(state, '1');
    const fromProfile = [...order.targets].filter(([, { policy }]) => policy === profileName(user));
    const taken = fromProfile.flatMap(([key, { comparable }]) =>
      comparable === undefined || refused.has(key) ? [] : [[key, comparable] as const],
    );
    if (taken.length > 0) putMobility(state, { written: { ...written, ...Object.fromEntries(taken) } });
    return [];
  }

  /** The forced logoff of somebody who is not on the phone any more, or may stay after all. */
  isObsolete(state: DeviceState, { kind, parameters }: WorkOrder): boolean {
    return kind === 'mobility-logoff' && this.unwantedUser(state) !== parameters['e164'];
  }

  /** The profile. What the user changed on the phone since it was written is left as it is. */
  overlay(state: DeviceState): readonly SelectedItem[] {
    const user = this.presentUser(state);
    if (user === undefined) return [];
    const { written } = mobilityOf(state);
    const from = { policy: profileName(user.e164), revision: user.revision };
    return [...identityItems(user), ...user.profile].map((item) => {
      const key = itemKey(item.name, item.index);
      const reported = state.report.get(key)?.value;
      const isUsersOwn =
        !item.secret && reported !== undefined && written[key] === comparableValue(item.name, item.value);
      return overlayItem(isUsersOwn ? { ...item, value: reported } : item, from);
    });
  }

  /** Policies go by the number of the phone itself, also while it has the one of a user. */
  selectFacts(source: FactsSource, facts: SelectableFacts): SelectableFacts {
    const { basicE164 } = source.facts;
    if (basicE164 === null || basicE164 === facts.e164) return facts;
    return mobilityOf(source).reported === null ? facts : { ...facts, e164: basicE164 };
  }

  holdsBack({ features, contactId, contactOpenedAt }: DeviceState): boolean {
    const { heldContact } = mobilityOf({ features });
    if (heldContact === null || heldContact !== contactId) return false;
    return this.known.now.getTime() - (contactOpenedAt?.getTime() ?? 0) < HOLD_MS;
  }

  async save(tx: Tx): Promise<void> {
    await this.known.persist(tx, this.changes);
  }

  // --- the flow

  /** Step 1 of a logon. */
  private logOn(device: FeatureDevice, opening: ContactOpened, said: MobilityOpening): readonly PlannedOrder[] {
    const { state, now } = device;
    const user = this.known.users.get(said.user ?? '');
    putMobility(state, { heldContact: opening.contactId });
    const refusal = this.refusalOf(state, opening, said, user);
    if (refusal !== undefined || user === undefined) {
      return this.refuse(state, said.user ?? '', user, refusal ?? 'unknown-user');
    }
    const { user: previous } = mobilityOf(state);
    if (previous !== null && previous !== user.e164) this.release(state, previous, 'missed');
    const { loggedOnDeviceId } = user;
    if (loggedOnDeviceId !== null && loggedOnDeviceId !== state.deviceId) this.changes.displaced.add(loggedOnDeviceId);
    const record = {
      loggedOnDeviceId: state.deviceId,
      loggedOnAt: now,
      isLogoffRequested: false,
      failures: NO_FAILURES,
    };
    this.changes.change(user, record);
    this.changes.countLogon('accepted', { deviceId: state.deviceId, e164: user.e164 });
    putMobility(state, {
      ...{ reported: '0', user: user.e164, phase: 'logging-on', since: now, written: {} },
      ...{ failures: NO_FAILURES, nextLogoffAt: null },
    });
    return [logonOrder(device, user, this.known.markSecret)];
  }

  private refusalOf(
    state: DeviceState,
    opening: ContactOpened,
    { isDisabled }: MobilityOpening,
    user: MobileUser | undefined,
  ): Refusal | undefined {
    if (isDisabled) return 'mobility-disabled';
    if (isLocked(mobilityOf(state).failures, this.known.now)) return 'too-many-attempts';
    if (user === undefined) return 'unknown-user';
    if (isLocked(user.failures, this.known.now)) return 'too-many-attempts';
    const check = opening.userPassword === undefined ? 'wrong' : this.known.passwordOf(opening);
    if (check !== 'right') return check === 'wrong' ? 'wrong-password' : 'not-checked';
    return user.isEnabled ? undefined : 'user-disabled';
  }

  /** No work, which is `CleanUp` (PROTOCOL 11 #13). */
  private refuse(state: DeviceState, number: string, user: MobileUser | undefined, reason: Refusal): readonly [] {
    const { now } = this.known;
    const e164 = number.slice(0, MAX_SHOWN_NUMBER);
    const mobility = mobilityOf(state);
    const isGuess = reason === 'wrong-password' || reason === 'unknown-user';
    putMobility(state, {
      lastRefusal: { e164, reason, at: now },
      // The phone is where it was before somebody tried; its number of now is only the one that was typed.
      reported: mobility.user === null ? '1' : mobility.reported,
      ...(isGuess ? { failures: afterFailure(mobility.failures, now, PHONE_LIMITS) } : {}),
    });
    if (reason === 'wrong-password' && user !== undefined) {
      this.changes.change(user, { failures: afterFailure(user.failures, now, USER_LIMITS) });
    }
    this.changes.countLogon(reason, { deviceId: state.deviceId, e164 });
    return [];
  }

  /** Step 1 of a logoff: the user's data is read, if it is one of ours and any changed. */
  private logOff(
    { state }: FeatureDevice,
    { contactId }: ContactOpened,
    e164: string,
    { modifiedItems }: MobilityOpening,
  ): readonly PlannedOrder[] {
    const isOurs = mobilityOf(state).user === e164;
    putMobility(state, { reported: '1', heldContact: contactId });
    if (!isOurs) return [];
    if (mobilityOf(state).phase !== 'logging-off') this.release(state, e164, 'by-user');
    putMobility(state, { phase: 'logging-off', written: {}, nextLogoffAt: null });
    const names = userDataNames(modifiedItems);
    return names.length === 0 || !this.known.users.has(e164) ? [] : [saveOrder(e164, names)];
  }

  /** The phone says that nobody is on it: the end of a logoff, or of one we did not hear of. */
  private nobody(state: DeviceState, reported: '0' | '1' | '2' | null): readonly [] {
    const { user, phase, reported: before } = mobilityOf(state);
    if (user === null) {
      if (before !== reported) putMobility(state, { reported });
      return [];
    }
    if (phase !== 'logging-off') this.release(state, user, 'missed');
    putMobility(state, { ...NOBODY, reported, heldContact: null });
    return [];
  }

  /** The phone says that somebody is on it. */
  private present(
    { state, ...device }: FeatureDevice,
    { contactId }: ContactOpened,
    e164: string,
    { reported, isInventory, requestedItems }: MobilityOpening & { readonly isInventory: boolean },
  ): readonly PlannedOrder[] {
    putMobility(state, { reported, heldContact: reported === '2' ? contactId : null });
    const isAccepted = mobilityOf(state).user === e164 && this.isHere(state, this.known.users.get(e164));
    if (isAccepted) {
      putMobility(state, { phase: 'logged-on' });
      this.learnWritten(state);
    }
    // Step 5: CleanUp, whatever is to be done.
    if (reported === '2') return [];
    if (this.unwantedUser(state) !== null) {
      putMobility(state, { heldContact: contactId });
      return this.logoffOf(state);
    }
    if (!isInventory || requestedItems === undefined) return [];
    putMobility(state, { heldContact: contactId });
    const wanted = new Set(userDataNames(requestedItems));
    const data = (this.known.userData.get(e164) ?? []).filter(({ name }) => wanted.has(name));
    return restoreOrders({ state, ...device, seal: (value, key) => device.seal(value, key) }, e164, data);
  }

  // --- who is where

  /** The user whose profile is the phone's. */
  private presentUser(state: DeviceState): MobileUser | undefined {
    const { user: e164, phase } = mobilityOf(state);
    const user = e164 === null ? undefined : this.known.users.get(e164);
    return this.isHere(state, user) && (phase === 'logging-on' || phase === 'logged-on') ? user : undefined;
  }

  private isHere({ deviceId }: DeviceState, user: MobileUser | undefined): boolean {
    return user !== undefined && user.loggedOnDeviceId === deviceId;
  }

  /** Who is on the phone and must not be: displaced by a newer logon, deleted, disabled, told to go, or never let on. */
  private unwantedUser(state: DeviceState): string | null {
    const { user, phase, reported } = mobilityOf(state);
    if (reported !== '0' && reported !== '2') return null;
    const { e164, basicE164 } = state.facts;
    const present = e164 !== null && basicE164 !== null && e164 !== basicE164 ? e164 : null;
    if (present === null || phase === 'logging-off') return null;
    const known = user === present ? this.known.users.get(present) : undefined;
    const mayStay = known !== undefined && this.isHere(state, known) && known.isEnabled && !known.isLogoffRequested;
    return mayStay ? null : present;
  }

  private logoffOf(state: DeviceState): readonly PlannedOrder[] {
    const e164 = this.unwantedUser(state);
    const { nextLogoffAt } = mobilityOf(state);
    if (e164 === null || (nextLogoffAt !== null && nextLogoffAt > this.known.now)) return [];
    return [logoffOrder(e164)];
  }

  /** A user is not on this phone any more; on another one they stay. */
  private release(state: DeviceState, e164: string, how: 'by-user' | 'missed'): void {
    this.changes.countLogoff(how, { deviceId: state.deviceId, e164 });
    const user = this.known.users.get(e164);
    if (user === undefined || user.loggedOnDeviceId !== state.deviceId) return;
    this.changes.change(user, { loggedOnDeviceId: null, loggedOnAt: null, isLogoffRequested: false });
  }

  /** A value the phone has anyway counts as written. */
  private learnWritten(state: DeviceState): void {
    const { user, written } = mobilityOf(state);
    const profile = this.known.users.get(user ?? '')?.profile ?? [];
    const learned = profile.flatMap(({ name, index, value, secret }) => {
      const key = itemKey(name, index);
      const reported = state.report.get(key)?.value;
      const comparable = comparableValue(name, value);
      const isNews = !secret && reported !== undefined && written[key] !== comparable;
      return isNews && comparableValue(name, reported) === comparable ? [[key, comparable] as const] : [];
    });
    if (learned.length > 0) putMobility(state, { written: { ...written, ...Object.fromEntries(learned) } });
  }

  private opened(deviceId: string, item: ReportedItem): UserDataValue | undefined {
    const value = item.status === undefined ? this.known.openUserData(deviceId, item) : undefined;
    if (value === undefined) return undefined;
    return item.index === undefined ? { name: item.name, value } : { name: item.name, index: item.index, value };
  }
}

/** A phone that asks for stored data has been let on before; a user who typed nothing has not. */
function isLogon({ userPassword, items }: ContactOpened, { reported, user, requestedItems }: MobilityOpening): boolean {
  if (reported !== '0' || user === null || requestedItems !== undefined) return false;
  return userPassword !== undefined || items.some(({ name }) => name === 'user-pwd');
}
