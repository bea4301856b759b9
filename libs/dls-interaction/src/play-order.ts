import { closeContact, closedContact } from './close-contact.js';
import type { Fact } from './facts.js';
import type { Order, OrderItem, OrderStep } from './order.js';
import type { AwaitingWork, Contact, Position } from './state.js';
import { stepFact } from './step-fact.js';
import { isFinishedBySending, messageOf, messagesOf, type StepMessages } from './step-messages.js';
import type { Input, Settings, Transition } from './transition.js';

/** Where an order goes on, and in which contact. */
export interface Target {
  readonly contact: Contact;
  readonly order: Order;
  readonly stepIndex: number;
  readonly part: number;
  /** Fragments of the step's reply that came already, with its earlier parts. */
  readonly fragment: number;
}

/** Takes an order, or the rest of one, and sends what is next of it. */
export function playOrder(
  { contact, answered }: AwaitingWork,
  { order, fromStep, fromPart }: Extract<Input, { kind: 'order' }>,
  settings: Settings,
): Transition {
  const isSameStep =
    answered?.orderId === order.orderId && answered.attempt === order.attempt && answered.stepIndex === fromStep;
  const fragment = isSameStep && fromPart > 0 ? answered.fragment : 0;
  return sendPart({ contact, order, stepIndex: fromStep, part: fromPart, fragment }, settings, []);
}

/** Sends one message of a step; `facts` are those of the reply before it. */
export function sendPart(target: Target, settings: Settings, facts: readonly Fact[]): Transition {
  const { contact, order, stepIndex, part } = target;
  if (isLooping(contact, order, settings)) return closeContact(contact, 'loop-guard', { facts });
  const step = order.steps[stepIndex];
  const messages = step === undefined ? undefined : messagesOf(step, contact, settings);
  if (step === undefined || messages === undefined || part >= Math.max(1, messages.parts.length)) {
    const detail = `order ${order.orderId} has no message ${part} of step ${stepIndex}`;
    return closeContact(contact, 'step-failed', { facts, warnings: [{ code: 'order-does-not-fit', detail }] });
  }
  const position: Position = {
    orderId: order.orderId,
    attempt: order.attempt,
    stepIndex,
    kind: step.kind,
    part,
    isLastPart: part >= messages.parts.length - 1,
    isLastStep: stepIndex >= order.steps.length - 1,
    fragment: target.fragment,
    isFragmented: false,
    isSent: isFinishedBySending(step),
  };
  const items = messages.parts[part];
  return items === undefined
    ? failStep(contact, position, messages, facts)
    : sendMessage({ contact, position, order, items }, messages, facts);
}

/**
 * Whether a contact had more actions than any good one has. The messages that an order needs besides one for each step do
 * not count: a phone that takes few items at once needs many.
 */
export function isLooping(contact: Contact, order: Order | undefined, settings: Settings): boolean {
  if (contact.actions < settings.maxActions) return false;
  const partsOf = (step: OrderStep): number => messagesOf(step, contact, settings).parts.length;
  const more = order?.steps.reduce((sum, step) => sum + Math.max(0, partsOf(step) - 1), 0) ?? 0;
  return contact.actions >= settings.maxActions + more;
}

/** Nothing of the step can be sent. */
function failStep(contact: Contact, position: Position, messages: StepMessages, facts: readonly Fact[]): Transition {
  const failed = stepFact(contact, position, { outcome: 'failed', refusedItems: messages.unsendable });
  return closeContact(contact, 'step-failed', { facts: [...facts, failed], warnings: messages.warnings });
}

interface Sending {
  readonly contact: Contact;
  readonly position: Position;
  readonly order: Order;
  readonly items: readonly OrderItem[];
}

function sendMessage(
  { contact, position, order, items }: Sending,
  messages: StepMessages,
  facts: readonly Fact[],
): Transition {
  const isFirst = position.part === 0;
  const sent = { ...contact, actions: contact.actions + 1, isReissued: false };
  const own: Fact[] = [];
  if (isFirst && messages.unsendable.length > 0) {
    own.push(stepFact(contact, position, { outcome: 'sent', refusedItems: messages.unsendable }));
  }
  if (position.isSent) {
    const isOrderFinished = position.isLastStep;
    own.push(stepFact(contact, position, { outcome: 'sent', isStepFinished: true, isOrderFinished }));
  }
  return {
    state: { name: 'awaiting-reply', contact: sent, position, order },
    facts: [...facts, ...own],
    reply: messageOf(position.kind, contact.nonce, items),
    // The phone restarts and comes again with `start-up`. It may still refuse, so the state keeps the step (PROTOCOL 4.10).
    ...(position.isSent && position.kind !== 'file-deployment' ? { closed: closedContact(sent, 'restarting') } : {}),
    ...(isFirst && messages.warnings.length > 0 ? { warnings: messages.warnings } : {}),
  };
}
