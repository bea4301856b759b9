import type { Item, WorkpointMessage } from '@opendls/dls-codec';
import { itemKey } from '@opendls/item-catalog';
import { closeContact } from './close-contact.js';
import type { ItemsReported, RefusedItem } from './facts.js';
import type { ItemName } from './order.js';
import { isLooping, sendPart } from './play-order.js';
import { getNextFragment } from './replies.js';
import type { AwaitingReply, Contact, Position } from './state.js';
import { stepFact } from './step-fact.js';
import { actionOf, messageOf, messagesOf, nameOf } from './step-messages.js';
import type { InteractionWarning, Settings, Transition } from './transition.js';

/** `reply-to`: the phone's answer to the action of this state's step. */
export function onReply(before: AwaitingReply, message: WorkpointMessage, settings: Settings): Transition {
  const state: AwaitingReply = { ...before, contact: answeredBy(before.contact, message) };
  if (isRepeated(before, message)) return reissue(state, settings, 'repeated-reply');
  if (!isExpected(state.position, message)) return reissue(state, settings, 'unexpected-reply');
  switch (message.status) {
    case 'busy':
      return onBusy(state);
    case 'failed':
    case 'unknown':
      return onFailed(state, message.items);
    case 'accepted':
    case undefined: // required by the grammar; without it the items decide
      return message.fragment === 'next' ? onFragment(state, message, settings) : onAccepted(state, message, settings);
  }
}

/**
 * `status` inside the contact (M p.52-54); it is a fact of its own as well. It ends the deployment of one file. After indexed
 * files (PROTOCOL 4.9), whose step was finished by sending, the contact just goes on. Of firmware it tells a refusal (4.10).
 */
export function onDeploymentStatus(before: AwaitingReply, message: WorkpointMessage, settings: Settings): Transition {
  const state: AwaitingReply = { ...before, contact: answeredBy(before.contact, message) };
  const { contact, position } = state;
  const { contactId, deviceId, maxItems } = contact;
  const { items } = message;
  const reported = { type: 'contact-opened', contactId, deviceId, reason: 'status', items, maxItems } as const;
  if (position.kind === 'file-deployment' && position.isSent) {
    return { state: { name: 'awaiting-work', contact }, facts: [{ ...reported, awaitingWork: true }] };
  }
  const results = items.filter(({ name }) => name === 'file-deployment-status');
  const isDone = results.every(({ value }) => value.toLowerCase() === 'ok');
  const next = isDone ? goOn(state, settings, []) : onFailed(state, []);
  return { ...next, facts: [{ ...reported, awaitingWork: false }, ...next.facts] };
}

/** Busy in a call (M p.46, 72): stop; `send-solicited` makes the phone come back by itself, if its firmware knows it. */
function onBusy({ contact, position }: AwaitingReply): Transition {
  const fact = stepFact(contact, position, { outcome: 'busy' });
  return closeContact(contact, 'busy', { facts: [fact], isSolicited: contact.traits.canSolicit });
}

function onFailed({ contact, position }: AwaitingReply, items: readonly Item[]): Transition {
  const fact = stepFact(contact, position, { outcome: 'failed', refusedItems: refusedOf(items) });
  return closeContact(contact, 'step-failed', { facts: [fact] });
}

/** Part of a list (M p.70): safe by itself before the next part is asked for. */
function onFragment(state: AwaitingReply, message: WorkpointMessage, settings: Settings): Transition {
  const { contact, position } = state;
  const fact = isRead(position)
    ? itemsFact(contact, position, message.items, false)
    : stepFact(contact, position, { outcome: 'accepted', refusedItems: refusedOf(message.items) });
  const next = { ...position, fragment: position.fragment + 1, isFragmented: true };
  if (next.fragment >= settings.maxFragments) return closeContact(contact, 'loop-guard', { facts: [fact] });
  const going = { ...contact, isReissued: false };
  return { state: { ...state, contact: going, position: next }, facts: [fact], reply: getNextFragment(contact.nonce) };
}

function onAccepted(state: AwaitingReply, message: WorkpointMessage, settings: Settings): Transition {
  const { contact, position } = state;
  if (!isRead(position)) return goOn(state, settings, message.items);
  const isFinal = position.isLastPart;
  const next = goOn(state, settings, []);
  return { ...next, facts: [itemsFact(contact, position, message.items, isFinal), ...next.facts] };
}

/**
 * The part is answered: the next part, the next step, or the question what else there is. A phone that says it will restart
 * gets nothing more to do.
 */
function goOn(state: AwaitingReply, settings: Settings, items: readonly Item[]): Transition {
  const { contact, position, order } = state;
  if (position.isSent && position.kind !== 'file-deployment') return closeContact(contact, 'restarting');
  const isOrderFinished = position.isLastPart && position.isLastStep;
  const refusedItems = refusedOf(items);
  const answer = {
    outcome: 'accepted' as const,
    isStepFinished: position.isLastPart,
    isOrderFinished,
    refusedItems,
    writtenItems: writtenOf(state, refusedItems, settings),
  };
  if (order === undefined || isOrderFinished) {
    const fact = stepFact(contact, position, { ...answer, awaitingWork: true });
    const answered = { ...position, fragment: position.fragment + 1 };
    return { state: { name: 'awaiting-work', contact, answered }, facts: [fact] };
  }
  const next = position.isLastPart
    ? { stepIndex: position.stepIndex + 1, part: 0, fragment: 0 }
    : { stepIndex: position.stepIndex, part: position.part + 1, fragment: position.fragment + 1 };
  return sendPart({ contact, order, ...next }, settings, [stepFact(contact, position, answer)]);
}

/**
 * Sends the action of this state once more; if that was already the second time it ends, so that it never loops. Without the
 * order only what the phone certainly repeated is sent again: an answer to something else may be one to another gateway, of
 * a phone that keeps an old cookie, and would come again and again.
 */
function reissue(state: AwaitingReply, settings: Settings, code: InteractionWarning['code']): Transition {
  const { contact, position, order } = state;
  const warnings = [{ code, detail: `step ${position.stepIndex}, message ${position.part}` }];
  const isRepeatable = position.kind === 'read-all-items' && code === 'repeated-reply';
  const step = isRepeatable ? ({ kind: 'read-all-items' } as const) : order?.steps[position.stepIndex];
  const items = step && messagesOf(step, contact, settings).parts[position.part];
  if (items === undefined || contact.isReissued || isLooping(contact, order, settings)) {
    return closeContact(contact, 'step-failed', { warnings });
  }
  const reply = position.isFragmented ? getNextFragment(contact.nonce) : messageOf(position.kind, contact.nonce, items);
  const again = { ...contact, actions: contact.actions + 1, isReissued: true };
  return { state: { ...state, contact: again }, facts: [], reply, warnings };
}

/**
 * Nonces tell repeats apart only where the phone makes a new one for each message (PROTOCOL 2.3). A reply with the nonce
 * of the opening message, or the same nonce again after an action was sent twice: this phone keeps its nonce.
 */
function answeredBy(contact: Contact, { nonce }: WorkpointMessage): Contact {
  const isSame = nonce === contact.nonce;
  const isKept = isSame && (contact.repeats === 'undecided' || contact.isReissued);
  const repeats = isKept ? 'impossible' : contact.repeats === 'undecided' ? 'possible' : contact.repeats;
  return { ...contact, nonce, repeats, exchanges: contact.exchanges + 1 };
}

/**
 * The phone got the cookie of our last answer but not the answer, and repeats what it said before. The fragments of one
 * reply may share a nonce (PROTOCOL 5.2), so between them it says nothing.
 */
function isRepeated({ contact, position }: AwaitingReply, { nonce }: WorkpointMessage): boolean {
  return contact.repeats === 'possible' && !contact.isReissued && !position.isFragmented && nonce === contact.nonce;
}

/** The action a reply names is the one that was sent; later fragments may name none or another (PROTOCOL 5.2). */
function isExpected(position: Position, { action }: WorkpointMessage): boolean {
  return action === undefined || position.isFragmented || action === actionOf(position.kind);
}

function isRead({ kind }: Position): boolean {
  return kind === 'read-all-items' || kind === 'read-items';
}

/** Items that come back with a status are not stored, all others are (PROTOCOL 6.3). */
function refusedOf(items: readonly Item[]): readonly RefusedItem[] {
  return items.flatMap(({ name, index, status, statusText }) =>
    status === undefined ? [] : [{ ...nameOf({ name, index }), status: statusText ?? status }],
  );
}

function writtenOf(
  { contact, position, order }: AwaitingReply,
  refused: readonly RefusedItem[],
  settings: Settings,
): readonly ItemName[] | null {
  const step = order?.steps[position.stepIndex];
  if (step?.kind !== 'write-items' || position.isFragmented) return null;
  const keys = new Set(refused.map(({ name, index }) => itemKey(name, index)));
  const part = messagesOf(step, contact, settings).parts[position.part] ?? [];
  return part.filter(({ name, index }) => !keys.has(itemKey(name, index))).map(nameOf);
}

function itemsFact(contact: Contact, position: Position, items: readonly Item[], isFinal: boolean): ItemsReported {
  const { contactId, deviceId } = contact;
  const { orderId, attempt, stepIndex, fragment } = position;
  const scope = position.kind === 'read-all-items' ? 'all' : 'some';
  const type = 'items-reported';
  return { type, contactId, deviceId, orderId, attempt, stepIndex, scope, fragment, isFinal, items };
}
