import type { BusMetrics } from '@opendls/event-bus';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Shows what the event bus does in a registry. */
export function busMetrics(registry: Registry): BusMetrics {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
    new Counter({ name, help, labelNames, registers });
  const published = counter('opendls_bus_published_total', 'Records acknowledged by the bus', ['topic']);
  const failed = counter('opendls_bus_publish_failures_total', 'Records not acknowledged', ['topic', 'code']);
  const consumed = counter('opendls_bus_consumed_total', 'Records settled by a consumer', ['topic', 'group']);
  const retried = counter('opendls_bus_retries_total', 'Batches delivered again', ['topic', 'group', 'code']);
  const dead = counter('opendls_bus_dead_letters_total', 'Records put aside', ['topic', 'group', 'code']);
  const publishSeconds = new Histogram({
    name: 'opendls_bus_publish_seconds',
    help: 'Time until the bus acknowledged',
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const lag = new Gauge({
    name: 'opendls_bus_lag_records',
    help: 'Records behind the end of the log',
    labelNames: ['topic', 'group', 'partition'],
    registers,
  });
  return {
    published: (topic, records, durationMs) => {
      published.inc({ topic }, records);
      publishSeconds.observe(durationMs / 1_000);
    },
    publishFailed: (topic, records, code) => failed.inc({ topic, code }, records),
    batchSent: () => undefined,
    consumed: (topic, group, records) => consumed.inc({ topic, group }, records),
    retried: (topic, group, code) => retried.inc({ topic, group, code }),
    deadLettered: (topic, group, code) => dead.inc({ topic, group, code }),
    lag: (topic, group, partition, records) => lag.set({ topic, group, partition }, records),
  };
}
