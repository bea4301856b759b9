import type { DlsAction, Item, WorkpointMessage } from '@opendls/dls-codec';
import type { FileJob } from './deployment.js';
import { fileJobs } from './deployment.js';
import { splitIntoFragments } from './fragments.js';
import { allItems, replyMessage } from './messages.js';
import { writeMobility } from './mobility.js';
import type { PhoneState } from './phone-state.js';
import { readItems } from './read-items.js';
import { writeSecurity } from './secure-mode.js';
import { isUserData } from './user-data.js';
import { writeItems } from './write-items.js';

/** What a phone does about an action. */
export type ActionAnswer =
  | {
      readonly kind: 'reply';
      readonly state: PhoneState;
      readonly message: WorkpointMessage;
      readonly fragments: readonly (readonly Item[])[];
      readonly reportsChanges: boolean;
    }
  | { readonly kind: 'deploy'; readonly jobs: readonly FileJob[]; readonly isSoftware: boolean }
  | { readonly kind: 'restart'; readonly cause: 'restart' | 'factory-reset' };

/** Plays one action; CleanUp is not among them because it ends the interaction. */
export function answerAction(
  state: PhoneState,
  action: Exclude<DlsAction, 'CleanUp'>,
  items: readonly Item[],
): ActionAnswer {
  switch (action) {
    case 'ReadAllItems':
      if (state.isInCall && state.profile.isBusyForReads) return busy(state, action);
      return replyInFragments(state, action, allItems(state));
    case 'ReadItems':
      return replyInFragments(state, action, readItems(state, items));
    case 'WriteItems':
      return state.isInCall ? busy(state, action) : write(state, items);
    case 'GetNextFragment':
      return nextFragment(state);
    case 'Restart':
      return restart(state, items);
    case 'FileDeployment':
      return items.length === 0 ? failed(state, action) : { kind: 'deploy', jobs: fileJobs(items), isSoftware: false };
    case 'SoftwareDeployment':
      return deploySoftware(state, items);
  }
}

/** A write is accepted as a whole; refused items are listed with their status (PROTOCOL 6.3). */
function write(state: PhoneState, written: readonly Item[]): ActionAnswer {
  const isHere = state.mobility.phase === 'granted' || state.mobility.phase === 'logged-on';
  const [userData, others] = [written.filter(isUserData), written.filter((item) => !isUserData(item))];
  const result = writeItems(state.profile, state.items, isHere ? written : others);
  const changed = { ...state, items: result.items };
  const next = writeSecurity(writeMobility(changed, result.stored), result.stored);
  return replyInFragments(next, 'WriteItems', [...result.refused, ...(isHere ? [] : refused(userData))]);
}

/** User data without its user (PROTOCOL 4.12). */
function refused(userData: readonly Item[]): Item[] {
  return userData.map(({ name, index }) => ({
    name,
    ...(index === undefined ? {} : { index }),
    value: '',
    status: 'unexpected item',
  }));
}

/** Replies longer than a message go out in fragments, each asked for by GetNextFragment (PROTOCOL 5.2). */
function replyInFragments(state: PhoneState, action: DlsAction, items: readonly Item[]): ActionAnswer {
  const whole = replyMessage(state, action, 'accepted', items);
  const parts = splitIntoFragments(whole.message, state.profile.fragmentBytes);
  const [first = [], ...fragments] = state.profile.fragmentOrder === 'reversed' ? parts.reverse() : parts;
  const reportsChanges = action === 'ReadAllItems' && fragments.length === 0;
  if (fragments.length === 0) return { kind: 'reply', ...whole, fragments, reportsChanges };
  const message: WorkpointMessage = { ...whole.message, items: first, fragment: 'next' };
  return { kind: 'reply', state: whole.state, message, fragments, reportsChanges };
}

function nextFragment(state: PhoneState): ActionAnswer {
  const [items, ...fragments] = state.contact?.fragments ?? [];
  const action = state.contact?.message.action;
  if (!items || action === undefined || action === 'unknown') return failed(state, 'GetNextFragment');
  const reply = replyMessage(state, action, 'accepted', items, fragments.length > 0 ? 'next' : 'final');
  return { kind: 'reply', ...reply, fragments, reportsChanges: action === 'ReadAllItems' && fragments.length === 0 };
}

/** A factory reset needs its password (PROTOCOL 3.5); which one is the vendor's business, any will do here. */
function restart(state: PhoneState, items: readonly Item[]): ActionAnswer {
  const valueOf = (name: string): string => items.find((item) => item.name === name)?.value ?? '';
  const type = valueOf('restart-type');
  if (type === '') return { kind: 'restart', cause: 'restart' };
  if (type !== 'FactoryReset' || valueOf('restart-password') === '') return failed(state, 'Restart');
  return { kind: 'restart', cause: 'factory-reset' };
}

/** In a call, new software waits unless its priority is immediate (PROTOCOL 4.10; the reply's form is inferred). */
function deploySoftware(state: PhoneState, items: readonly Item[]): ActionAnswer {
  const jobs = fileJobs(items);
  const [job] = jobs;
  if (!job || (job.type !== '' && job.type !== 'APP') || (job.url === undefined && job.name === '')) {
    return failed(state, 'SoftwareDeployment');
  }
  if (state.isInCall && job.priority === 'normal') return busy(state, 'SoftwareDeployment');
  return { kind: 'deploy', jobs: [job], isSoftware: true };
}

function busy(state: PhoneState, action: DlsAction): ActionAnswer {
  return { kind: 'reply', ...replyMessage(state, action, 'busy'), fragments: [], reportsChanges: false };
}

function failed(state: PhoneState, action: DlsAction): ActionAnswer {
  return { kind: 'reply', ...replyMessage(state, action, 'failed'), fragments: [], reportsChanges: false };
}
