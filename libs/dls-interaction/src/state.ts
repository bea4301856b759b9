import type { Order, StepKind } from './order.js';
import type { Traits } from './traits.js';

/** Whether this phone's nonces tell a repeated message from a new one (PROTOCOL 2.3: both kinds of phones exist). */
export type RepeatDetection = 'undecided' | 'possible' | 'impossible';

/** What is known of a contact, whatever it is waiting for. */
export interface Contact {
  readonly contactId: string;
  readonly deviceId: string;
  /** Most items per message, as the opening message said; null: no limit. Fixed for the contact, as it decides the parts. */
  readonly maxItems: number | null;
  readonly traits: Traits;
  /** Nonce of the phone's last message. */
  readonly nonce: string;
  readonly repeats: RepeatDetection;
  /** Messages of the phone. */
  readonly exchanges: number;
  /** Actions sent, for the loop guard. */
  readonly actions: number;
  /** The action the phone is answering was sent twice. */
  readonly isReissued: boolean;
}

/** The message a phone is answering: one part of one step of one attempt at an order. */
export interface Position {
  readonly orderId: string;
  readonly attempt: number;
  readonly stepIndex: number;
  readonly kind: StepKind;
  readonly part: number;
  readonly isLastPart: boolean;
  readonly isLastStep: boolean;
  /** Number of the next fragment of the step's reply, counted over all its parts. */
  readonly fragment: number;
  /** The last action sent was `GetNextFragment`. */
  readonly isFragmented: boolean;
  /** The step was finished by sending it: the phone may stay silent (restart, firmware, indexed files). */
  readonly isSent: boolean;
}

/** Everything needed to go on with a contact somewhere else; travels in the session cookie. */
export interface ResumePoint {
  readonly contact: Contact;
  readonly position: Position;
}

export type InteractionState =
  /** Nobody is talking. */
  | { readonly name: 'idle' }
  /** A fact was reported and the order, or its rest, is asked for. */
  | { readonly name: 'awaiting-work'; readonly contact: Contact; readonly answered?: Position }
  /** The phone has an action to answer. `order` may be missing: another gateway sent the action. */
  | {
      readonly name: 'awaiting-reply';
      readonly contact: Contact;
      readonly position: Position;
      readonly order?: Order;
    }
  | { readonly name: 'closed'; readonly contact: Contact };

export type AwaitingReply = Extract<InteractionState, { name: 'awaiting-reply' }>;
export type AwaitingWork = Extract<InteractionState, { name: 'awaiting-work' }>;

export const IDLE: InteractionState = { name: 'idle' };

/** The state in which a phone answers the action that a resume point describes. An order that is another's is ignored. */
export function resume(point: ResumePoint, order?: Order): AwaitingReply {
  const { orderId, attempt } = point.position;
  const isSame = order?.orderId === orderId && order.attempt === attempt;
  return { name: 'awaiting-reply', contact: point.contact, position: point.position, ...(isSame ? { order } : {}) };
}

/** What the phone has to bring back with its reply; undefined when no reply is expected. */
export function resumePointOf(state: InteractionState): ResumePoint | undefined {
  return state.name === 'awaiting-reply' ? { contact: state.contact, position: state.position } : undefined;
}
