import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EventResult } from './devices/device-events.consumer.js';

const KNOWN_TYPE = /^opendls\.[a-z-]+\.([a-z-]+)$/;

/** What the inventory measures of itself. */
export class InventoryMetrics {
  readonly batchSize: Histogram;
  readonly batchSeconds: Histogram;
  readonly delaySeconds: Histogram;
  readonly purged: Counter<'what'>;
  private readonly events: Counter<'type' | 'outcome'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.events = new Counter({
      name: 'opendls_inventory_events_total',
      help: 'Gateway events by type and by what became of them',
      labelNames: ['type', 'outcome'],
      registers,
    });
    this.batchSize = new Histogram({
      name: 'opendls_inventory_batch_events',
      help: 'Events per batch',
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000],
      registers,
    });
    this.batchSeconds = new Histogram({
      name: 'opendls_inventory_batch_seconds',
      help: 'Time to record a batch',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.delaySeconds = new Histogram({
      name: 'opendls_inventory_delay_seconds',
      help: 'Time from an event at the gateway to its commit here',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3_600],
      registers,
    });
    this.purged = new Counter({
      name: 'opendls_inventory_purged_total',
      help: 'Rows removed because of their age',
      labelNames: ['what'],
      registers,
    });
  }

  /** Counts an event. The type comes from outside: one that is not of the known form is not used as a label. */
  countEvents(outcome: EventResult, type: string): void {
    this.events.inc({ outcome, type: KNOWN_TYPE.exec(type)?.[1]?.slice(0, 40) ?? 'other' });
  }
}

/** Shows a number that is read when metrics are collected. */
export function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
