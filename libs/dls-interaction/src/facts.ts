import type { Item } from '@opendls/dls-codec';
import type { ItemName, StepKind } from './order.js';

/** Reasons that open a contact. */
export const INITIAL_REASONS = ['start-up', 'solicited', 'local-changes', 'inventory-changes', 'status'] as const;
export type InitialReason = (typeof INITIAL_REASONS)[number];

interface InContact {
  readonly contactId: string;
  readonly deviceId: string;
}

interface InStep extends InContact {
  readonly orderId: string;
  readonly attempt: number;
  readonly stepIndex: number;
}

/** A phone came, or reported a deployment inside its contact. */
export interface ContactOpened extends InContact {
  readonly type: 'contact-opened';
  readonly reason: InitialReason;
  readonly items: readonly Item[];
  readonly maxItems: number | null;
  readonly awaitingWork: boolean;
}

/** One fragment of the reply to a read. */
export interface ItemsReported extends InStep {
  readonly type: 'items-reported';
  readonly scope: 'all' | 'some';
  readonly fragment: number;
  readonly isFinal: boolean;
  readonly items: readonly Item[];
}

/** An item that was not stored, and what was said about it. */
export interface RefusedItem extends ItemName {
  readonly status: string;
}

/** What the phone answered to one message of a step. */
export interface StepCompleted extends InStep {
  readonly type: 'step-completed';
  readonly kind: StepKind;
  readonly part: number;
  readonly outcome: 'accepted' | 'failed' | 'busy' | 'sent';
  readonly isStepFinished: boolean;
  readonly isOrderFinished: boolean;
  /** null when the order is not at hand: all of the part but the refused. */
  readonly writtenItems: readonly ItemName[] | null;
  readonly refusedItems: readonly RefusedItem[];
  readonly awaitingWork: boolean;
}

/** Must be safe before the phone is answered. */
export type Fact = ContactOpened | ItemsReported | StepCompleted;

export type ContactOutcome =
  | 'completed'
  | 'no-work'
  | 'deadline'
  | 'busy'
  | 'phone-clean-up'
  | 'step-failed'
  | 'expired'
  | 'loop-guard'
  | 'replaced'
  | 'restarting';

/** The contact is over; nobody waits for this to be safe. */
export interface ContactClosed extends InContact {
  readonly outcome: ContactOutcome;
  /** What the phone gave as `cleanup-reason`. */
  readonly cleanupReason: string | null;
  readonly isSolicitedRequested: boolean;
  readonly exchanges: number;
}
