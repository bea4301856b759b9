import type { ContactResult, Exchange, PhoneObserver } from './contact-result.js';
import type { LatencySummary } from './latency-histogram.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { PhoneFailure } from './phone-state.js';

/** What a fleet has lived through. */
export interface FleetSummary {
  readonly phones: {
    readonly total: number;
    readonly started: number;
    readonly succeeded: number;
    readonly failed: number;
    /** Not started, or switched off before they were done. */
    readonly unfinished: number;
  };
  /** Completed interactions with the reason `start-up`. */
  readonly boots: number;
  readonly contacts: {
    readonly completed: number;
    readonly failed: number;
    readonly byReason: Readonly<Record<string, number>>;
  };
  /** Messages with a usable answer. */
  readonly answers: number;
  readonly actions: Readonly<Record<string, number>>;
  readonly itemsWritten: number;
  readonly itemsRefused: number;
  readonly overloads: number;
  readonly retries: number;
  /** Per message, until its answer is complete; overload answers are not counted. */
  readonly answerLatency: LatencySummary;
  /** Per interaction, from the first message to the end. */
  readonly contactDuration: LatencySummary;
  /** What went wrong, by kind, with the first cases. */
  readonly failures: Readonly<Record<string, number>>;
  readonly failureExamples: readonly { readonly macAddress: string; readonly kind: string; readonly message: string }[];
  readonly durationMs: number;
}

const MAX_EXAMPLES = 10;

/** Counts while phones run. */
export class FleetStats implements PhoneObserver {
  readonly #reasons = new Map<string, number>();
  readonly #actions = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #examples: FleetSummary['failureExamples'][number][] = [];
  readonly #answerLatency = new LatencyHistogram();
  readonly #contactDuration = new LatencyHistogram();
  #completed = 0;
  #failedContacts = 0;
  #boots = 0;
  #answers = 0;
  #overloads = 0;
  #retries = 0;
  #itemsWritten = 0;
  #itemsRefused = 0;
  phonesStarted = 0;
  phonesSucceeded = 0;
  phonesFailed = 0;

  constructor(readonly phonesTotal: number) {}

  onExchange({ action, isOverload, latencyMs }: Exchange): void {
    if (isOverload) this.#overloads++;
    if (action === null || isOverload) return;
    this.#answers++;
    increment(this.#actions, action);
    this.#answerLatency.add(latencyMs);
  }

  onContact(contact: ContactResult): void {
    increment(this.#reasons, contact.reason);
    this.#retries += contact.retries;
    this.#itemsWritten += contact.itemsWritten;
    this.#itemsRefused += contact.itemsRefused;
    for (const violation of contact.violations) this.addFailure(contact.macAddress, violation);
    if (contact.failure?.kind === 'aborted') return; // switched off from outside: neither completed nor failed
    if (contact.failure) {
      this.#failedContacts++;
      this.addFailure(contact.macAddress, contact.failure);
      return;
    }
    this.#completed++;
    if (contact.reason === 'start-up') this.#boots++;
    this.#contactDuration.add(contact.durationMs);
  }

  addFailure(macAddress: string, { kind, message }: PhoneFailure): void {
    increment(this.#failures, kind);
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push({ macAddress, kind, message });
  }

  summary(durationMs: number): FleetSummary {
    return {
      phones: {
        total: this.phonesTotal,
        started: this.phonesStarted,
        succeeded: this.phonesSucceeded,
        failed: this.phonesFailed,
        unfinished: this.phonesTotal - this.phonesSucceeded - this.phonesFailed,
      },
      boots: this.#boots,
      contacts: {
        completed: this.#completed,
        failed: this.#failedContacts,
        byReason: Object.fromEntries(this.#reasons),
      },
      answers: this.#answers,
      actions: Object.fromEntries(this.#actions),
      itemsWritten: this.#itemsWritten,
      itemsRefused: this.#itemsRefused,
      overloads: this.#overloads,
      retries: this.#retries,
      answerLatency: this.#answerLatency.summary(),
      contactDuration: this.#contactDuration.summary(),
      failures: Object.fromEntries(this.#failures),
      failureExamples: this.#examples,
      durationMs: Math.round(durationMs),
    };
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
