import type { DlsMessage, WorkpointMessage } from '@opendls/dls-codec';
import type { ContactClosed, Fact } from './facts.js';
import type { Order, OrderItem } from './order.js';
import type { InteractionState } from './state.js';
import { AUTO_TRAITS, type TraitSettings } from './traits.js';

/** What can happen to an interaction. */
export type Input =
  | {
      readonly kind: 'message';
      readonly message: WorkpointMessage;
      /** Ids of the contact that an initial message opens; needed for those, ignored for others. */
      readonly opening?: { readonly contactId: string; readonly deviceId: string };
    }
  | { readonly kind: 'order'; readonly order: Order; readonly fromStep: number; readonly fromPart: number }
  | { readonly kind: 'no-work'; readonly moreOrdersWaiting: boolean }
  /** The answer to the question for work did not come in time. */
  | { readonly kind: 'work-deadline' }
  /** The phone did not go on in time. */
  | { readonly kind: 'expired' };

/**
 * What follows. The facts have to be acknowledged first; only then the state counts and the reply may be sent. Without a
 * reply in state `awaiting-work`, exactly one fact has `awaitingWork`, and its answer is the next input.
 */
export interface Transition {
  readonly state: InteractionState;
  readonly facts: readonly Fact[];
  readonly reply?: DlsMessage;
  readonly closed?: ContactClosed;
  /** Odd things worth a log line; texts name items, never values. */
  readonly warnings?: readonly InteractionWarning[];
}

export interface InteractionWarning {
  readonly code: 'group-torn' | 'item-oversized' | 'repeated-reply' | 'unexpected-reply' | 'order-does-not-fit';
  readonly detail: string;
}

export interface Settings {
  /** Most bytes of one encoded message (PROTOCOL 5.1). */
  readonly maxBytes: number;
  /** Most actions in one contact, besides the further messages of steps that need several. */
  readonly maxActions: number;
  /** Most fragments of one reply. */
  readonly maxFragments: number;
  /** What is not left to the firmware of the phone. */
  readonly traits: TraitSettings;
  /**
   * The readable value of an item: what is sealed opened, a file as its URL; undefined when it cannot be had. Always of the
   * same length for the same item, as lists are cut by it.
   */
  readonly reveal: (item: OrderItem) => string | undefined;
}

export const DEFAULT_SETTINGS: Settings = Object.freeze({
  maxBytes: 50_000,
  maxActions: 50,
  maxFragments: 200,
  traits: AUTO_TRAITS,
  reveal: (item: OrderItem): string => item.value,
});
