import type { Item } from '@opendls/dls-codec';
import type { PhoneItems, StoredItem } from './phone-items.js';
import type { InitialReason, PhoneState } from './phone-state.js';
import { isUserData, newUserData, userDataItems } from './user-data.js';

/** `sip-mobility-state` (PROTOCOL 4.12). */
const LOGGED_ON = '0';
const LOGGED_OFF = '1';
const INTERIM = '2';

export interface MobileUser {
  readonly e164: string;
  readonly password: string;
}

/** The interactions of a logon and a logoff, in their order (PROTOCOL 4.12, steps 1, 5, 7 and 1, 5). */
export type MobilityPurpose = 'log-on' | 'log-on-start' | 'user-data' | 'log-off' | 'log-off-start';

/** How the last logon or logoff ended. */
export type MobilityOutcome =
  'logged-on' | 'logged-off' | 'refused' | 'failed' | 'not-enabled' | 'already-logged-on' | 'not-logged-on';

/** A mobile user at a phone. */
export interface Mobility {
  readonly phase: 'logged-off' | 'asking' | 'granted' | 'logged-on' | 'leaving';
  readonly user: MobileUser | null;
  /** Files of the user, in chunks. */
  readonly userData: readonly StoredItem[];
  /** Files that changed since the service gave them. */
  readonly modified: ReadonlySet<string>;
  /** The settings before the logon, of a phone that brings them back itself. */
  readonly deviceItems?: PhoneItems;
  readonly outcome: MobilityOutcome | null;
}

export const NOBODY: Mobility = { phase: 'logged-off', user: null, userData: [], modified: new Set(), outcome: null };

/** What goes into a message of a logon or logoff. */
export interface MobilityMessage {
  readonly reason: InitialReason;
  /** Values that differ from the stored ones. */
  readonly overrides: readonly Item[];
  readonly items: readonly StoredItem[];
}

export function isMobilityEnabled({ items }: PhoneState): boolean {
  return items.get('mobility-enabled')?.value === 'true';
}

/** The message that opens an interaction of a logon or logoff. */
export function mobilityMessage(state: PhoneState, purpose: MobilityPurpose): MobilityMessage {
  const { user, modified } = state.mobility;
  const userItems = [
    { name: 'e164', value: user?.e164 ?? '' },
    { name: 'user-pwd', value: user?.password ?? '' },
  ];
  const mobility = (value: string): Item => ({ name: 'sip-mobility-state', value });
  switch (purpose) {
    case 'log-on':
      return { reason: 'inventory-changes', overrides: [mobility(LOGGED_ON), ...userItems], items: [] };
    case 'log-on-start':
      return { reason: 'start-up', overrides: [mobility(INTERIM)], items: [] };
    case 'user-data': {
      const value = state.profile.personality.userDataItems.join(',');
      return {
        reason: 'inventory-changes',
        overrides: [mobility(LOGGED_ON)],
        items: [{ name: 'requested-items', value }],
      };
    }
    case 'log-off':
      return {
        reason: 'inventory-changes',
        overrides: [mobility(LOGGED_OFF), ...userItems, { name: 'configuration-changed-flag', value: 'true' }],
        items: [{ name: 'modified-items', value: [...modified].join(',') }],
      };
    case 'log-off-start':
      return { reason: 'start-up', overrides: [mobility(LOGGED_OFF)], items: [] };
  }
}

/** Items a service wrote change who is logged on. */
export function writeMobility(state: PhoneState, stored: readonly StoredItem[]): PhoneState {
  const valueOf = (name: string): string | undefined => stored.findLast((item) => item.name === name)?.value;
  const wanted = valueOf('sip-mobility-state');
  const { mobility, contact } = state;
  const e164 = state.items.get('e164')?.value ?? '';
  const kept = keepUserData(state, stored.filter(isUserData));
  if (wanted === LOGGED_ON && contact?.purpose === 'log-on') {
    const user = mobility.user;
    const own = user
      ? [
          { name: 'e164', value: user.e164 },
          { name: 'user-pwd', value: user.password },
        ]
      : [];
    const items = kept.items.with(own);
    return { ...kept, items, mobility: { ...kept.mobility, phase: 'granted' } };
  }
  const isForeign = e164 !== (state.items.get('basic-e164')?.value ?? '');
  if (wanted === LOGGED_ON && mobility.phase === 'logged-off' && isMobilityEnabled(state) && isForeign) {
    // A logon the service forces (PROTOCOL 4.12): it names the user, nobody typed a password.
    const user = { e164, password: valueOf('user-pwd') ?? '' };
    return { ...kept, mobility: { ...kept.mobility, phase: 'granted', user } };
  }
  if (wanted === LOGGED_OFF && mobility.phase === 'logged-on') {
    return { ...kept, mobility: { ...kept.mobility, phase: 'leaving' } };
  }
  return mobility.phase === 'logged-off' ? ownNumber(kept, stored) : kept;
}

/** Without a mobile user the number of the phone is the one in force, and whether users may come decides the state. */
function ownNumber(state: PhoneState, stored: readonly StoredItem[]): PhoneState {
  const valueOf = (name: string): string | undefined => stored.findLast((item) => item.name === name)?.value;
  const [e164, enabled] = [valueOf('e164'), valueOf('mobility-enabled')];
  const follow = [
    ...(e164 === undefined || valueOf('basic-e164') !== undefined ? [] : [{ name: 'basic-e164', value: e164 }]),
    ...(enabled === undefined
      ? []
      : [{ name: 'sip-mobility-state', value: enabled === 'true' ? LOGGED_OFF : LOGGED_ON }]),
  ];
  return follow.length === 0 ? state : { ...state, items: state.items.with(follow) };
}

function keepUserData(state: PhoneState, written: readonly StoredItem[]): PhoneState {
  if (written.length === 0) return state;
  const isReplaced = (item: StoredItem): boolean =>
    written.some(({ name, index }) => name === item.name && index === item.index);
  const userData = [...state.mobility.userData.filter((item) => !isReplaced(item)), ...written];
  return { ...state, items: state.items.without(isUserData), mobility: { ...state.mobility, userData } };
}

/** Somebody starts to log off: what the service has never seen of the user's files counts as changed. */
export function startLogOff(state: PhoneState): PhoneState {
  const { user, userData } = state.mobility;
  const unknown = state.profile.personality.userDataItems
    .slice(0, 3)
    .filter((name) => !userData.some((item) => item.name === name));
  const changed = unknown.reduce(
    (each, name) => changeUserData(each, name, newUserData(name, user?.e164 ?? '')),
    state,
  );
  return { ...changed, mobility: { ...changed.mobility, phase: 'leaving' } };
}

const DEFAULT_CHUNK_BYTES = 5492;

/** A file of the user has a new content. */
export function changeUserData(state: PhoneState, name: string, text: string): PhoneState {
  const chunkBytes = Number(state.items.get('dls-chunk-size')?.value ?? '') || DEFAULT_CHUNK_BYTES;
  const others = state.mobility.userData.filter((item) => item.name !== name);
  const userData = [...others, ...userDataItems(name, text, state.lastContactAtMs ?? 0, chunkBytes)];
  return { ...state, mobility: { ...state.mobility, userData, modified: new Set([...state.mobility.modified, name]) } };
}

/** What follows when an interaction is over; `wanted` goes before everything else. */
export function mobilityAfter(
  state: PhoneState,
  purpose: MobilityPurpose | undefined,
  isProper: boolean,
): { readonly state: PhoneState; readonly wanted?: MobilityPurpose } {
  const { mobility } = state;
  const end = (changes: Partial<Mobility>): PhoneState => ({ ...state, mobility: { ...mobility, ...changes } });
  switch (purpose) {
    case 'log-on':
      if (mobility.phase === 'granted' && isProper) return { state: rememberDevice(state), wanted: 'log-on-start' };
      return { state: end({ ...NOBODY, outcome: isProper ? 'refused' : 'failed' }) };
    case 'log-on-start':
      return { state, wanted: 'user-data' };
    case 'user-data':
      return { state: end({ phase: 'logged-on', outcome: 'logged-on', modified: new Set() }) };
    case 'log-off':
      if (!isProper) return { state: end({ phase: 'logged-on', outcome: 'failed' }) };
      return { state: logOff(state), wanted: 'log-off-start' };
    case 'log-off-start':
      return { state };
    case undefined:
      if (!isProper) return { state };
      if (mobility.phase === 'granted') return { state: rememberDevice(state), wanted: 'log-on-start' };
      return mobility.phase === 'leaving' ? { state: startLogOff(state), wanted: 'log-off' } : { state };
  }
}

function rememberDevice(state: PhoneState): PhoneState {
  const items = state.items.with([{ name: 'sip-mobility-state', value: LOGGED_ON }]);
  return { ...state, items };
}

function logOff(state: PhoneState): PhoneState {
  const base = state.mobility.deviceItems ?? state.items;
  const items = base.with([
    { name: 'sip-mobility-state', value: LOGGED_OFF },
    { name: 'e164', value: state.items.get('basic-e164')?.value ?? '' },
    { name: 'user-pwd', value: '000000' }, // none
  ]);
  return { ...state, items, mobility: { ...NOBODY, outcome: 'logged-off' } };
}

/** After a restart in the middle of a logon it goes on; anything before that is forgotten. */
export function mobilityAtStart(state: PhoneState): { readonly state: PhoneState; readonly purpose?: MobilityPurpose } {
  switch (state.mobility.phase) {
    case 'granted':
      return { state: rememberDevice(state), purpose: 'log-on-start' };
    case 'asking':
      return { state: { ...state, mobility: { ...NOBODY, outcome: 'failed' } } };
    case 'leaving':
      return { state: { ...state, mobility: { ...state.mobility, phase: 'logged-on' } } };
    default:
      return { state };
  }
}
