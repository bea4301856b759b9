import type { DlsAction, ReasonForContact } from '@opendls/dls-codec';
import type { ContactEnd } from './phone-machine.js';
import type { InitialReason, PhoneFailure } from './phone-state.js';

/** One interaction as the phone saw it. */
export interface ContactResult {
  readonly macAddress: string;
  readonly reason: InitialReason;
  readonly end: ContactEnd;
  /** Absent: the interaction came to its proper end. */
  readonly failure?: PhoneFailure;
  /** Breaches of the protocol that this phone survived. */
  readonly violations: readonly PhoneFailure[];
  readonly cleanupReason?: string;
  /** Actions in the order they came; `overload` answers are not among them. */
  readonly actions: readonly DlsAction[];
  /** Messages that were answered. */
  readonly exchanges: number;
  readonly overloads: number;
  /** Messages sent again because no answer came. */
  readonly retries: number;
  readonly itemsWritten: number;
  readonly itemsRefused: number;
  readonly durationMs: number;
}

/** One message and its answer, or the lack of one. */
export interface Exchange {
  readonly macAddress: string;
  readonly reason: ReasonForContact | 'unknown';
  /** What the service wanted; null when no usable answer came. */
  readonly action: DlsAction | 'unknown' | null;
  readonly isOverload: boolean;
  readonly failure?: PhoneFailure;
  readonly requestBytes: number;
  readonly answerBytes: number;
  readonly latencyMs: number;
}

/** Told about everything a phone lives through. */
export interface PhoneObserver {
  onExchange?(exchange: Exchange): void;
  onContact?(contact: ContactResult): void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Collects what becomes a {@link ContactResult}. */
export class ContactRecord {
  readonly #violations: PhoneFailure[] = [];
  readonly #actions: DlsAction[] = [];
  exchanges = 0;
  overloads = 0;
  retries = 0;
  itemsWritten = 0;
  itemsRefused = 0;

  constructor(
    private readonly macAddress: string,
    private readonly reason: InitialReason,
    private readonly startedAtMs: number,
  ) {}

  addViolations(violations: readonly PhoneFailure[]): void {
    this.#violations.push(...violations);
  }

  addAction(action: DlsAction): void {
    this.#actions.push(action);
  }

  finish(end: ContactEnd, endedAtMs: number, failure?: PhoneFailure, cleanupReason?: string): ContactResult {
    const result: Mutable<ContactResult> = {
      macAddress: this.macAddress,
      reason: this.reason,
      end,
      violations: this.#violations,
      actions: this.#actions,
      exchanges: this.exchanges,
      overloads: this.overloads,
      retries: this.retries,
      itemsWritten: this.itemsWritten,
      itemsRefused: this.itemsRefused,
      durationMs: endedAtMs - this.startedAtMs,
    };
    if (failure) result.failure = failure;
    if (cleanupReason !== undefined) result.cleanupReason = cleanupReason;
    return result;
  }
}
