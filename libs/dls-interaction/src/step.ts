import { clipText, type WorkpointMessage } from '@opendls/dls-codec';
import { closeContact, closedContact } from './close-contact.js';
import type { InitialReason } from './facts.js';
import { onDeploymentStatus, onReply } from './on-reply.js';
import { playOrder } from './play-order.js';
import { cleanUp } from './replies.js';
import { IDLE, type AwaitingReply, type Contact, type InteractionState } from './state.js';
import { traitsOf } from './traits.js';
import { DEFAULT_SETTINGS, type Input, type Settings, type Transition } from './transition.js';

type MessageInput = Extract<Input, { kind: 'message' }>;

/**
 * One step of one phone's interaction. Pure: the same state and input give the same transition, on every gateway.
 * An input that does not belong to the state changes nothing and says nothing.
 */
export function step(state: InteractionState, input: Input, settings: Settings = DEFAULT_SETTINGS): Transition {
  switch (input.kind) {
    case 'message':
      return onMessage(state, input, settings);
    case 'order':
      return state.name === 'awaiting-work' ? playOrder(state, input, settings) : unchanged(state);
    case 'no-work':
      return onNoWork(state, input.moreOrdersWaiting);
    case 'work-deadline':
      return state.name === 'awaiting-work' ? closeContact(state.contact, 'deadline') : unchanged(state);
    case 'expired':
      return onExpired(state);
  }
}

function onMessage(state: InteractionState, input: MessageInput, settings: Settings): Transition {
  const { message } = input;
  switch (message.reason) {
    case 'status':
      return isAwaited(state, input)
        ? onDeploymentStatus(state, message, settings)
        : open(state, input, 'status', settings);
    case 'start-up':
    case 'solicited':
    case 'local-changes':
    case 'inventory-changes':
      return open(state, input, message.reason, settings);
    case 'reply-to':
      return state.name === 'awaiting-reply' ? onReply(state, message, settings) : outOfContact(message);
    case 'clean-up':
      return onPhoneCleanUp(state, message);
    case 'unknown':
      return state.name === 'awaiting-reply'
        ? closeContact(answered(state.contact, message), 'step-failed')
        : outOfContact(message);
  }
}

/** `status` tells of a file or software deployment (M p.32, 52-54); it names the phone, but it may also stand alone. */
function isAwaited(state: InteractionState, { opening }: MessageInput): state is AwaitingReply {
  return (
    state.name === 'awaiting-reply' &&
    (state.position.kind === 'file-deployment' || state.position.kind === 'software-deployment') &&
    (opening === undefined || opening.deviceId === state.contact.deviceId)
  );
}

/** An initial reason is a new contact whatever went on before (PROTOCOL 1.3), unless it is the same message again. */
function open(
  state: InteractionState,
  { message, opening }: MessageInput,
  reason: InitialReason,
  settings: Settings,
): Transition {
  if (opening === undefined) return outOfContact(message);
  const contact: Contact = {
    ...opening,
    maxItems: message.maxItems ?? null,
    traits: traitsOf(message.items, settings.traits),
    nonce: message.nonce,
    repeats: 'undecided',
    exchanges: 1,
    actions: 0,
    isReissued: false,
  };
  const { contactId, deviceId, maxItems } = contact;
  const { items } = message;
  const isReplacing =
    (state.name === 'awaiting-reply' || state.name === 'awaiting-work') && state.contact.contactId !== contactId;
  return {
    state: { name: 'awaiting-work', contact },
    facts: [{ type: 'contact-opened', contactId, deviceId, reason, items, maxItems, awaitingWork: true }],
    ...(isReplacing ? { closed: closedContact(state.contact, 'replaced') } : {}),
  };
}

/** `clean-up`: the phone gives up. The manual shows no answer; servers in the field send `CleanUp` (PROTOCOL 4.14). */
function onPhoneCleanUp(state: InteractionState, message: WorkpointMessage): Transition {
  if (state.name !== 'awaiting-reply') return outOfContact(message);
  const reason = message.items.find(({ name }) => name === 'cleanup-reason')?.value ?? '';
  return closeContact(answered(state.contact, message), 'phone-clean-up', {
    cleanupReason: reason === '' ? null : clipText(reason, 200),
  });
}

function onNoWork(state: InteractionState, moreOrdersWaiting: boolean): Transition {
  if (state.name !== 'awaiting-work') return unchanged(state);
  const isSolicited = moreOrdersWaiting && state.contact.traits.canSolicit;
  const outcome = state.contact.actions > 0 ? 'completed' : 'no-work';
  return closeContact(state.contact, outcome, { isSolicited });
}

function onExpired(state: InteractionState): Transition {
  if (state.name !== 'awaiting-reply' && state.name !== 'awaiting-work') return unchanged(state);
  const { contact } = state;
  // Silence after indexed files is no fault of the phone (PROTOCOL 4.9).
  const isDone = state.name === 'awaiting-reply' && state.position.isSent && state.position.isLastStep;
  const outcome = isDone ? 'completed' : 'expired';
  return { state: { name: 'closed', contact }, facts: [], closed: closedContact(contact, outcome) };
}

/** A message that belongs to no contact we know: end it, so that the phone starts anew. */
function outOfContact(message: WorkpointMessage): Transition {
  return { state: IDLE, facts: [], reply: cleanUp(message.nonce) };
}

function answered(contact: Contact, message: WorkpointMessage): Contact {
  return { ...contact, nonce: message.nonce, exchanges: contact.exchanges + 1 };
}

function unchanged(state: InteractionState): Transition {
  return { state, facts: [] };
}
