import type { DlsAction, Fragment, Item, ReplyStatus, WorkpointMessage } from '@opendls/dls-codec';
import type { StoredItem } from './phone-items.js';
import type { InitialReason, PhoneState } from './phone-state.js';
import { nextNonce } from './random.js';
import { isReadable } from './readable.js';

/** A message and the phone after it took a nonce for it. */
export interface Composed {
  readonly message: WorkpointMessage;
  readonly state: PhoneState;
}

/** The message that opens an interaction, or reports a deployment within one. */
export function initialMessage(
  state: PhoneState,
  reason: InitialReason,
  extra: readonly Item[],
  overrides: readonly Item[] = [],
): Composed {
  return compose(
    state,
    {
      fragment: 'final',
      reason,
      items: [...withOverrides(basicItems(state, reason, extra.length), overrides), ...extra],
    },
    reason !== 'status',
  );
}

/** Values of this message only take the place of the stored ones, or come at the end. */
function withOverrides(items: readonly Item[], overrides: readonly Item[]): readonly Item[] {
  if (overrides.length === 0) return items;
  const replaced = items.map((item) => overrides.find(({ name }) => name === item.name) ?? item);
  return [...replaced, ...overrides.filter(({ name }) => !items.some((item) => item.name === name))];
}

/** The answer to an action. */
export function replyMessage(
  state: PhoneState,
  action: DlsAction,
  status: ReplyStatus,
  items: readonly Item[] = [],
  fragment: Fragment = 'final',
): Composed {
  return compose(state, { fragment, reason: 'reply-to', action, status, items }, false);
}

/** The phone ends the interaction itself (PROTOCOL 4.14). */
export function cleanUpMessage(state: PhoneState, reason: string): Composed {
  const items = [{ name: 'cleanup-reason', value: reason }];
  return compose(state, { fragment: 'final', reason: 'clean-up', items }, false);
}

type MessageParts = Omit<WorkpointMessage, 'kind' | 'nonce' | 'maxItems'>;

function compose(state: PhoneState, parts: MessageParts, opens: boolean): Composed {
  const { maxItems } = state.profile.personality;
  const keepsNonce = state.profile.nonceStyle === 'per-flow' && !opens && state.contact !== null;
  const [nonce, nonces] = keepsNonce ? [state.contact.message.nonce, state.nonces] : nextNonce(state.nonces);
  const message: WorkpointMessage = {
    kind: 'workpoint',
    nonce,
    ...(maxItems === undefined ? {} : { maxItems }),
    ...parts,
  };
  return { message, state: { ...state, nonces } };
}

/** The items every initial message carries, in the order phones send them (PROTOCOL 3.3). */
function basicItems(state: PhoneState, reason: InitialReason, attachedNumber: number): Item[] {
  const { personality } = state.profile;
  return [
    ...identityItems(state),
    ...changeItems(state, reason, attachedNumber),
    { name: 'part-number', value: personality.partNumber },
    { name: 'backlight-type', value: '1' },
    ...storedItems(state, ['sip-mobility-state', 'e164']),
    ...(reason === 'status' ? [] : passwordItems(state, reason)),
    { name: 'bootstrapping-tan', value: '' },
    ...storedItems(state, ['basic-e164', 'mobility-enabled']),
    ...(personality.sendsFaultReport ? FAULT_REPORT : []),
  ];
}

/** What the phone is; all read-only. */
export function identityItems({ profile, softwareVersion }: PhoneState): Item[] {
  const { personality } = profile;
  const version = personality.sendsSoftwareVersion
    ? [
        { name: 'software-version', value: softwareVersion },
        { name: 'related-software-version', value: softwareVersion },
      ]
    : [];
  return [
    { name: 'device-type', value: personality.deviceType },
    { name: 'related-device-type', value: personality.deviceType },
    gigabitItem(personality.gigabitEthernet),
    { name: 'software-type', value: personality.softwareType },
    { name: 'related-software-type', value: personality.softwareType },
    ...version,
    { name: 'contact-me-uri', value: profile.contactMeUri },
    { name: 'mac-addr', value: profile.macAddress },
  ];
}

function gigabitItem(gigabitEthernet: boolean | 'unsupported'): Item {
  // Items a phone cannot read are listed with status failed, in unsolicited messages too (PROTOCOL 3.3).
  if (gigabitEthernet === 'unsupported') return { name: 'gigabit-ethernet', value: '', status: 'failed' };
  return { name: 'gigabit-ethernet-enabled', value: String(gigabitEthernet) };
}

function changeItems(state: PhoneState, reason: InitialReason, attachedNumber: number): Item[] {
  const changed: Item = { name: 'configuration-changed-flag', value: String(state.isConfigurationChanged) };
  if (reason !== 'local-changes' || !state.profile.personality.attachesChangedItems) return [changed];
  return [
    changed,
    { name: 'configuration-attached-flag', value: 'true' },
    { name: 'configuration-attached-number', value: String(attachedNumber) },
  ];
}

function passwordItems(state: PhoneState, reason: InitialReason): Item[] {
  const { sendsUserPassword } = state.profile.personality;
  if (sendsUserPassword === 'never' || (sendsUserPassword === 'except-start-up' && reason === 'start-up')) return [];
  return [...storedItems(state, ['user-pwd']), { name: 'user-pwd-unicode', value: '', status: 'failed' }];
}

function storedItems(state: PhoneState, names: readonly string[]): StoredItem[] {
  return names.map((name) => state.items.get(name) ?? { name, value: '' });
}

/** V3 firmware: nothing to complain about (PROTOCOL 3.3). */
const FAULT_REPORT: readonly Item[] = [
  { name: 'slog-archive-me', value: 'false' },
  { name: 'fault-report-slog-entry', value: 'false' },
  { name: 'fault-time-slog-entry', value: '' },
  { name: 'fault-report-admin-pwd', value: 'false' },
  { name: 'fault-time-admin-pwd', value: '' },
  { name: 'fault-report-user-pwd', value: 'false' },
  { name: 'fault-time-user-pwd', value: '' },
  { name: 'cloud-pin-value', value: 'failure' },
];

/** Everything the phone tells when asked for all items: no certificates, nothing write-only (PROTOCOL 3.2). */
export function allItems(state: PhoneState): Item[] {
  const { personality } = state.profile;
  const readOnly: Item[] = [
    ...identityItems(state),
    { name: 'configuration-changed-flag', value: String(state.isConfigurationChanged) },
    { name: 'part-number', value: personality.partNumber },
    { name: 'backlight-type', value: '1' },
    { name: 'bootstrapping-tan', value: '' },
    ...(personality.sendsFaultReport ? FAULT_REPORT : []),
  ];
  return [...readOnly, ...state.items.list().filter(({ name }) => isReadable(name))];
}
