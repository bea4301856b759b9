import { Registry } from 'prom-client';
import { busMetrics } from './prometheus-metrics.js';

it('shows what a bus tells', async () => {
  const registry = new Registry();
  const metrics = busMetrics(registry);
  metrics.published('t', 3, 20);
  metrics.publishFailed('t', 2, 'timeout');
  metrics.batchSent(5, 1_000);
  metrics.consumed('t', 'g', 4, 7);
  metrics.retried('t', 'g', 'database-unavailable');
  metrics.deadLettered('t', 'g', 'invalid-data');
  metrics.lag('t', 'g', 1, 9);

  const shown = await registry.metrics();
  for (const line of [
    'opendls_bus_published_total{topic="t"} 3',
    'opendls_bus_publish_failures_total{topic="t",code="timeout"} 2',
    'opendls_bus_publish_seconds_sum 0.02',
    'opendls_bus_request_records_sum 5',
    'opendls_bus_consumed_total{topic="t",group="g"} 4',
    'opendls_bus_retries_total{topic="t",group="g",code="database-unavailable"} 1',
    'opendls_bus_dead_letters_total{topic="t",group="g",code="invalid-data"} 1',
    'opendls_bus_lag_records{topic="t",group="g",partition="1"} 9',
  ])
    expect(shown).toContain(line);
});
