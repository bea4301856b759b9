import type { ContactAttemptOutcome } from '@opendls/event-contracts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What is counted of waking phones. */
export class ContactMetrics {
  readonly attempts: Counter<'outcome'>;
  readonly durations: Histogram;
  readonly invalidRequests: Counter;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.attempts = new Counter({
      name: 'opendls_gateway_contact_attempts_total',
      help: 'Requests to wake a phone, by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.durations = new Histogram({
      name: 'opendls_gateway_contact_attempt_seconds',
      help: 'From the connection to a phone to its answer',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.invalidRequests = new Counter({
      name: 'opendls_gateway_invalid_contact_requests_total',
      help: 'Records of the contact-request stream that could not be read',
      registers,
    });
  }

  observe(inProgress: () => number): void {
    new Gauge({
      name: 'opendls_gateway_contacts_in_progress',
      help: 'ContactMe that wait for their turn or for the answer of the phone',
      registers: [this.registry],
      collect() {
        this.set(inProgress());
      },
    });
  }

  count(outcome: ContactAttemptOutcome): void {
    this.attempts.inc({ outcome });
  }
}
