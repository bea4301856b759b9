import type { StepCompleted } from './facts.js';
import type { Contact, Position } from './state.js';

/** What is special about one answer; the rest is as nothing was finished, written or refused. */
export type StepAnswer = Pick<StepCompleted, 'outcome'> &
  Partial<Pick<StepCompleted, 'isStepFinished' | 'isOrderFinished' | 'writtenItems' | 'refusedItems' | 'awaitingWork'>>;

/** The fact that one message of a step was answered, or needs no answer. */
export function stepFact(contact: Contact, position: Position, answer: StepAnswer): StepCompleted {
  const { orderId, attempt, stepIndex, kind, part } = position;
  return {
    type: 'step-completed',
    contactId: contact.contactId,
    deviceId: contact.deviceId,
    orderId,
    attempt,
    stepIndex,
    kind,
    part,
    isStepFinished: false,
    isOrderFinished: false,
    writtenItems: null,
    refusedItems: [],
    awaitingWork: false,
    ...answer,
  };
}
