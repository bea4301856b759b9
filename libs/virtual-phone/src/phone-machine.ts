import type { DlsMessage, WorkpointMessage } from '@opendls/dls-codec';
import { answerAction } from './answer-action.js';
import { rememberDeployment } from './deployed-files.js';
import type { FileJob, FileResult } from './deployment.js';
import { deploymentItems, reportedVersion } from './deployment.js';
import { cleanUpMessage, initialMessage } from './messages.js';
import type { MobileUser } from './mobility.js';
import {
  changeUserData,
  isMobilityEnabled,
  mobilityAfter,
  mobilityAtStart,
  mobilityMessage,
  NOBODY,
  startLogOff,
} from './mobility.js';
import type { StoredItem } from './phone-items.js';
import type { InitialReason, PhoneFailure, PhoneState, WantedContact } from './phone-state.js';
import { nextBetween } from './random.js';
import { DEFAULT_MODE, settleSecurity } from './secure-mode.js';

/** Something that happens to a phone. */
export type PhoneInput =
  | { readonly kind: 'powered-on' }
  | { readonly kind: 'contact-me'; readonly atMs: number }
  /** A poll said that there is work: unlike ContactMe this knows no gap (PROTOCOL 8.2). */
  | { readonly kind: 'work-announced' }
  | { readonly kind: 'log-on'; readonly user: MobileUser }
  | { readonly kind: 'log-off' }
  | { readonly kind: 'user-data-changed'; readonly name: string; readonly text: string }
  | { readonly kind: 'changed-locally'; readonly items: readonly StoredItem[] }
  | { readonly kind: 'inventory-changed'; readonly items: readonly StoredItem[] }
  | { readonly kind: 'call-started' }
  | { readonly kind: 'call-ended' }
  | { readonly kind: 'answered'; readonly message: DlsMessage; readonly atMs: number }
  | { readonly kind: 'waited' }
  | {
      readonly kind: 'deployed';
      readonly results: readonly FileResult[];
      readonly isSoftware: boolean;
      readonly atMs: number;
    }
  /** The answer is unusable: the phone says so and ends the interaction. */
  | { readonly kind: 'rejected'; readonly failure: PhoneFailure }
  /** No answer to be had: the interaction is over without a word. */
  | { readonly kind: 'failed'; readonly failure: PhoneFailure };

/** How an interaction ended. */
export type ContactEnd = 'CleanUp' | 'Restart' | 'SoftwareDeployment' | 'FileDeployment' | 'clean-up' | 'no-answer';

/** Something to be done for the phone; at most one of `send`, `wait`, `deploy`, `restart` per step. */
export type PhoneEffect =
  | { readonly kind: 'contact-opened'; readonly reason: InitialReason }
  | {
      readonly kind: 'contact-closed';
      readonly end: ContactEnd;
      readonly cleanupReason?: string;
      readonly failure?: PhoneFailure;
    }
  | { readonly kind: 'send'; readonly message: WorkpointMessage; readonly isRepeat: boolean }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'deploy'; readonly jobs: readonly FileJob[]; readonly isSoftware: boolean }
  | { readonly kind: 'restart'; readonly cause: 'restart' | 'factory-reset' | 'software' };

export interface PhoneStep {
  readonly state: PhoneState;
  readonly effects: readonly PhoneEffect[];
}

/** What a phone does next: a pure function, so the same inputs always give the same phone. */
export function stepPhone(state: PhoneState, input: PhoneInput): PhoneStep {
  switch (input.kind) {
    case 'powered-on':
      return powerOn({ ...state, phase: 'idle' });
    case 'contact-me':
      return contactMe(state, input.atMs);
    case 'work-announced':
      return state.wanted.some(({ reason }) => reason === 'solicited')
        ? { state, effects: [] }
        : wantContact(state, { reason: 'solicited', items: [] });
    case 'log-on':
      return logOn(state, input.user);
    case 'log-off':
      return logOff(state);
    case 'user-data-changed':
      return { state: state.mobility.user ? changeUserData(state, input.name, input.text) : state, effects: [] };
    case 'changed-locally':
      return changeLocally(state, input.items);
    case 'inventory-changed':
      return wantContact(
        { ...state, items: state.items.with(input.items) },
        { reason: 'inventory-changes', items: input.items },
      );
    case 'call-started':
      return { state: { ...state, isInCall: true }, effects: [] };
    case 'call-ended':
      return openNext({ ...state, isInCall: false });
    case 'answered':
      return answered(state, input.message, input.atMs);
    case 'waited':
      return repeat(state);
    case 'deployed':
      return deployed(state, input);
    case 'rejected':
      return reject(state, input.failure);
    case 'failed':
      return closeContact(state, { end: 'no-answer', failure: input.failure });
  }
}

function wantContact(state: PhoneState, contact: WantedContact): PhoneStep {
  if (state.phase === 'idle') return openContact(state, contact);
  if (state.phase === 'off') return { state, effects: [] };
  return { state: { ...state, wanted: [...state.wanted, contact] }, effects: [] };
}

const DEFAULT_CONTACT_GAP_S = 300;

/** A phone answers 204 and then ignores the request within the contact gap (PROTOCOL 8.1). */
function contactMe(state: PhoneState, atMs: number): PhoneStep {
  const gapItem = Number(state.items.get('dls-contact-interval')?.value ?? DEFAULT_CONTACT_GAP_S);
  const contactGapMs = state.profile.contactGapMs ?? gapItem * 1000;
  const isTooSoon = state.lastContactAtMs !== null && atMs - state.lastContactAtMs < contactGapMs;
  const isWanted = state.wanted.some(({ reason }) => reason === 'solicited');
  return isTooSoon || isWanted ? { state, effects: [] } : wantContact(state, { reason: 'solicited', items: [] });
}

function powerOn(state: PhoneState): PhoneStep {
  const { state: started, purpose } = mobilityAtStart(state);
  return openContact(started, { reason: 'start-up', items: [], ...(purpose ? { purpose } : {}) });
}

/** A mobile user typed number and password (PROTOCOL 4.12). */
function logOn(state: PhoneState, user: MobileUser): PhoneStep {
  const outcome = !isMobilityEnabled(state)
    ? 'not-enabled'
    : state.mobility.phase !== 'logged-off'
      ? 'already-logged-on'
      : null;
  if (outcome || state.phase === 'off') {
    return { state: { ...state, mobility: { ...state.mobility, outcome: outcome ?? 'failed' } }, effects: [] };
  }
  const deviceItems = state.profile.restoresDeviceProfile ? { deviceItems: state.items } : {};
  const asking: PhoneState = { ...state, mobility: { ...NOBODY, phase: 'asking', user, ...deviceItems } };
  return wantContact(asking, { reason: 'inventory-changes', items: [], purpose: 'log-on' });
}

function logOff(state: PhoneState): PhoneStep {
  if (state.mobility.phase !== 'logged-on' || state.phase === 'off') {
    return { state: { ...state, mobility: { ...state.mobility, outcome: 'not-logged-on' } }, effects: [] };
  }
  return wantContact(startLogOff(state), { reason: 'inventory-changes', items: [], purpose: 'log-off' });
}

function changeLocally(state: PhoneState, items: readonly StoredItem[]): PhoneStep {
  const changed: PhoneState = { ...state, items: state.items.with(items), isConfigurationChanged: true };
  // Before V2R2 the message only says that something changed (PROTOCOL 4.2).
  const attached = state.profile.personality.attachesChangedItems ? items : [];
  return wantContact(changed, { reason: 'local-changes', items: attached });
}

function openContact(state: PhoneState, { reason: wanted, items: added, purpose }: WantedContact): PhoneStep {
  const own = purpose ? mobilityMessage(state, purpose) : { reason: wanted, items: added, overrides: [] };
  const { reason, items, overrides } = own;
  const composed = initialMessage({ ...state, contact: null }, reason, items, overrides);
  const reportsChanges = reason === 'local-changes' && state.profile.personality.attachesChangedItems;
  const contact = { reason, message: composed.message, fragments: [], reportsChanges, ...(purpose ? { purpose } : {}) };
  return {
    state: {
      ...composed.state,
      phase: 'asking',
      contact,
      owesContact: state.owesContact && reason !== 'solicited',
    },
    effects: [
      { kind: 'contact-opened', reason },
      { kind: 'send', message: composed.message, isRepeat: false },
    ],
  };
}

/** Opens what waits: the rest of a logon, the contact owed after `send-solicited`, then whatever was wanted meanwhile. */
function openNext(state: PhoneState): PhoneStep {
  if (state.phase !== 'idle') return { state, effects: [] };
  const [urgent, ...others] = state.wanted;
  if (urgent?.purpose) return openContact({ ...state, wanted: others }, urgent);
  if (state.owesContact && !state.isInCall) return openContact(state, { reason: 'solicited', items: [] });
  const [next, ...wanted] = state.wanted;
  return next ? openContact({ ...state, wanted }, next) : { state, effects: [] };
}

function answered(state: PhoneState, message: DlsMessage, atMs: number): PhoneStep {
  const { contact } = state;
  if (state.phase !== 'asking' || !contact) return { state, effects: [] };
  if (contact.givesUp) return closeContact(state, { end: 'clean-up', failure: contact.givesUp });
  const valueOf = (name: string): string | undefined => message.items?.find((item) => item.name === name)?.value;
  const cleanupReason = valueOf('cleanup-reason');
  if (message.action === 'CleanUp' && cleanupReason === 'overload') return backOff(state);
  const delivered: PhoneState = {
    ...state,
    isConfigurationChanged: state.isConfigurationChanged && !contact.reportsChanges,
    lastContactAtMs: atMs,
  };
  if (message.action === 'unknown') {
    return reject(delivered, {
      kind: 'unknown-action',
      message: `the service asked for the action ${message.actionText ?? ''}`,
    });
  }
  if (message.action === 'CleanUp') {
    const comesBack = valueOf('send-solicited') === 'true' && state.profile.personality.honoursSendSolicited;
    const owing = { ...delivered, owesContact: delivered.owesContact || comesBack };
    return closeContact(owing, { end: 'CleanUp', ...(cleanupReason === undefined ? {} : { cleanupReason }) });
  }
  return play(delivered, message.action, message);
}

/** The answers to actions are made elsewhere; here they become the next state. */
function play(
  state: PhoneState,
  action: Exclude<DlsMessage['action'], 'unknown' | 'CleanUp'>,
  { items = [] }: DlsMessage,
): PhoneStep {
  const answer = answerAction(state, action, items);
  switch (answer.kind) {
    case 'reply':
      return send(answer.state, answer.message, answer.fragments, answer.reportsChanges);
    case 'deploy':
      return {
        state: { ...state, phase: 'deploying' },
        effects: [{ kind: 'deploy', jobs: answer.jobs, isSoftware: answer.isSoftware }],
      };
    case 'restart': {
      const isReset = answer.cause === 'factory-reset';
      const closed = closeSilently(isReset ? resetToFactory(state) : state);
      return {
        state: closed,
        effects: [
          { kind: 'contact-closed', end: 'Restart' },
          { kind: 'restart', cause: answer.cause },
        ],
      };
    }
  }
}

function send(
  state: PhoneState,
  message: WorkpointMessage,
  fragments: PhoneStateFragments = [],
  reportsChanges = false,
): PhoneStep {
  const { contact } = state;
  if (!contact) return { state, effects: [] };
  return {
    state: { ...state, phase: 'asking', contact: { ...contact, message, fragments, reportsChanges } },
    effects: [{ kind: 'send', message, isRepeat: false }],
  };
}

type PhoneStateFragments = NonNullable<PhoneState['contact']>['fragments'];

/** Overload: wait, then send the same message again (PROTOCOL 4.13). */
function backOff(state: PhoneState): PhoneStep {
  const { min, max } = state.profile.overloadBackOffMs;
  const [delayMs, chance] = nextBetween(state.chance, min, max);
  return { state: { ...state, chance, phase: 'backing-off' }, effects: [{ kind: 'wait', delayMs }] };
}

function repeat(state: PhoneState): PhoneStep {
  if (state.phase !== 'backing-off' || !state.contact) return { state, effects: [] };
  return {
    state: { ...state, phase: 'asking' },
    effects: [{ kind: 'send', message: state.contact.message, isRepeat: true }],
  };
}

function deployed(
  state: PhoneState,
  { results, isSoftware, atMs }: Extract<PhoneInput, { kind: 'deployed' }>,
): PhoneStep {
  if (state.phase !== 'deploying') return { state, effects: [] };
  const at = new Date(atMs);
  if (isSoftware && results.every(({ isOk }) => isOk)) {
    const softwareVersion = reportedVersion(
      results[0]?.job.softwareVersion ?? results[0]?.imageVersion,
      state.softwareVersion,
    );
    return {
      state: closeSilently({ ...state, softwareVersion }),
      effects: [
        { kind: 'contact-closed', end: 'SoftwareDeployment' },
        { kind: 'restart', cause: 'software' },
      ],
    };
  }
  const remembering = rememberDeployment(state, results, isSoftware, at);
  // After several files or a deletion the manual knows no status message (PROTOCOL 4.9).
  const isSilent = results.some(({ job }) => job.index !== undefined) && !state.profile.personality.reportsSeveralFiles;
  if (isSilent) return closeContact(remembering, { end: 'FileDeployment' });
  const composed = initialMessage(remembering, 'status', deploymentItems(results, at));
  return send(composed.state, composed.message);
}

/** An unusable answer: the phone sends `clean-up` once and is done (PROTOCOL 4.14). */
function reject(state: PhoneState, failure: PhoneFailure): PhoneStep {
  const { contact } = state;
  if (!contact || contact.givesUp)
    return closeContact(state, { end: 'clean-up', failure: contact?.givesUp ?? failure });
  const composed = cleanUpMessage(state, 'invalid message received');
  const givingUp: PhoneState = { ...composed.state, contact: { ...contact, givesUp: failure } };
  return send(givingUp, composed.message);
}

function closeContact(
  state: PhoneState,
  how: Omit<Extract<PhoneEffect, { kind: 'contact-closed' }>, 'kind'>,
): PhoneStep {
  if (!state.contact) return { state, effects: [] };
  const next = openNext(afterContact({ ...state, phase: 'idle', contact: null }, state.contact, how));
  return { state: next.state, effects: [{ kind: 'contact-closed', ...how }, ...next.effects] };
}

/** Secure mode and mobile users go on when an interaction is over (PROTOCOL 7.2 step 5, 4.12). */
function afterContact(
  state: PhoneState,
  { purpose }: NonNullable<PhoneState['contact']>,
  { end, failure }: Omit<Extract<PhoneEffect, { kind: 'contact-closed' }>, 'kind'>,
): PhoneState {
  const isProper = failure === undefined && (end === 'CleanUp' || end === 'FileDeployment');
  const security = settleSecurity(state);
  const mobility = mobilityAfter(security.state, purpose, isProper);
  const urgent: WantedContact[] = [
    ...(mobility.wanted ? [{ reason: 'inventory-changes' as const, items: [], purpose: mobility.wanted }] : []),
    ...(security.restarts ? [{ reason: 'start-up' as const, items: [] }] : []),
  ];
  return urgent.length === 0 ? mobility.state : { ...mobility.state, wanted: [...urgent, ...state.wanted] };
}

function resetToFactory(state: PhoneState): PhoneState {
  return {
    ...state,
    items: state.items.reset(),
    isConfigurationChanged: true,
    mobility: NOBODY,
    security: DEFAULT_MODE,
  };
}

/** A restart forgets calls, requests to come back and whatever waited (PROTOCOL 4.6). */
function closeSilently(state: PhoneState): PhoneState {
  const { state: settled } = settleSecurity(state);
  return { ...settled, phase: 'off', contact: null, wanted: [], owesContact: false, isInCall: false };
}
