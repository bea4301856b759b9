import type { ContactAttemptOutcome, WorkOrderKind } from '@opendls/event-contracts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { WorkOrder } from './work-orders/domain/work-order.js';

/** What became of an event. */
export type EventOutcome = 'handled' | 'repeated' | 'ignored' | 'rejected' | 'postponed' | 'oversized';

/** What config-policy measures of itself. */
export class ConfigPolicyMetrics {
  readonly decisionSeconds: Histogram;
  readonly batchSeconds: Histogram;
  private readonly decisions: Counter<'outcome'>;
  private readonly events: Counter<'outcome'>;
  private readonly orders: Counter<'kind' | 'state'>;
  readonly replanned: Counter;
  readonly contactRequests: Counter;
  private readonly contactAttempts: Counter<'outcome'>;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.decisions = new Counter({
      name: 'opendls_config_policy_decisions_total',
      help: 'Answers to gateways: the kind of the order, or no-work',
      labelNames: ['outcome'],
      registers,
    });
    this.decisionSeconds = new Histogram({
      name: 'opendls_config_policy_decision_seconds',
      help: 'Time to decide about one event of one phone, without the database',
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
      registers,
    });
    this.batchSeconds = new Histogram({
      name: 'opendls_config_policy_batch_seconds',
      help: 'Time to handle a batch of events, with the database',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.events = new Counter({
      name: 'opendls_config_policy_events_total',
      help: 'Gateway events by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.orders = new Counter({
      name: 'opendls_config_policy_order_changes_total',
      help: 'Work orders by the state they came to',
      labelNames: ['kind', 'state'],
      registers,
    });
    this.replanned = new Counter({
      name: 'opendls_config_policy_replanned_total',
      help: 'Phones compared again because policies or secrets changed',
      registers,
    });
    this.contactRequests = new Counter({
      name: 'opendls_config_policy_contact_requests_total',
      help: 'Requests to wake a phone that were published for gateways',
      registers,
    });
    this.contactAttempts = new Counter({
      name: 'opendls_config_policy_contact_attempts_total',
      help: 'What gateways told of such requests, by outcome',
      labelNames: ['outcome'],
      registers,
    });
  }

  countContactAttempt(outcome: ContactAttemptOutcome): void {
    this.contactAttempts.inc({ outcome });
  }

  countDecision(outcome: WorkOrderKind | 'no-work'): void {
    this.decisions.inc({ outcome });
  }

  countEvents(outcome: EventOutcome, count = 1): void {
    if (count > 0) this.events.inc({ outcome }, count);
  }

  countOrders(orders: readonly WorkOrder[]): void {
    for (const { kind, state } of orders) this.orders.inc({ kind, state });
  }

  /** Shows a number that is read when metrics are collected. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `opendls_config_policy_${name}`,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** Shows counts from the database; while it is down, the last ones stay. */
  countedGauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: () => Promise<readonly { readonly labels: Readonly<Record<Label, string>>; readonly count: number }[]>,
  ): void {
    new Gauge({
      name: `opendls_config_policy_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      async collect() {
        const counts = await read().catch(() => undefined);
        if (counts === undefined) return;
        this.reset();
        for (const { labels, count } of counts) this.set({ ...labels }, count);
      },
    });
  }
}
