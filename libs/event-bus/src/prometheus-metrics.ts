import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { BusMetrics } from './bus-metrics.js';

const PUBLISH_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const REQUEST_RECORDS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];

/** Shows what an event bus does in a registry. One bus per registry: the metrics have no label for the bus. */
export function busMetrics(registry: Registry): BusMetrics {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
    new Counter({ name: `opendls_bus_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name: `opendls_bus_${name}`, help, buckets, registers });
  const published = counter('published_total', 'Records acknowledged by the bus', ['topic']);
  const failed = counter('publish_failures_total', 'Records not acknowledged', ['topic', 'code']);
  const consumed = counter('consumed_total', 'Records settled by a consumer', ['topic', 'group']);
  const retried = counter('retries_total', 'Batches delivered again', ['topic', 'group', 'code']);
  const dead = counter('dead_letters_total', 'Records put aside', ['topic', 'group', 'code']);
  const publishSeconds = histogram('publish_seconds', 'Time until the bus acknowledged', PUBLISH_SECONDS);
  const requestRecords = histogram('request_records', 'Records per request to the log', REQUEST_RECORDS);
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
    batchSent: (records) => requestRecords.observe(records),
    consumed: (topic, group, records) => consumed.inc({ topic, group }, records),
    retried: (topic, group, code) => retried.inc({ topic, group, code }),
    deadLettered: (topic, group, code) => dead.inc({ topic, group, code }),
    lag: (topic, group, partition, records) => lag.set({ topic, group, partition }, records),
  };
}
