import { createKafkaEventBus } from '@opendls/event-bus';
import { ApiKeyFile, createApiServer } from '@opendls/http';
import type { Logger } from '@opendls/logging';
import { Registry } from 'prom-client';
import { busMetrics } from './bus-metrics.js';
import type { InventoryConfig } from './config.js';
import { createInventory } from './create-inventory.js';

/** The inventory as a process of its own, on Kafka. */
export interface RunningInventory {
  readonly url: string;
  /** Rejects when the consumer stopped for good. */
  readonly stopped: Promise<void>;
  /** Stops accepting requests, finishes what is running, flushes the outbox, disconnects. */
  close(): Promise<void>;
}

/** Starts everything; resolves when the API listens. What was started is stopped again when something fails. */
export async function serveInventory(config: InventoryConfig, logger: Logger): Promise<RunningInventory> {
  const metrics = new Registry();
  const bus = createKafkaEventBus({
    brokers: config.kafkaBrokers,
    clientId: 'opendls-inventory',
    logger: logger.child({ part: 'event-bus' }),
    metrics: busMetrics(metrics),
  });
  const undo: (() => Promise<void>)[] = [() => bus.close()];
  const close = async (): Promise<void> => {
    for (let next = undo.pop(); next !== undefined; next = undo.pop()) await next();
  };
  try {
    const inventory = await createInventory({ ...config, bus, logger, metrics });
    undo.push(() => inventory.stop());
    await inventory.start();
    const api = await createApiServer({
      title: 'OpenDLS inventory',
      description: 'Every phone ever seen: what it is, what it reported, when it came.',
      modules: inventory.modules,
      problems: inventory.problems,
      apiKeys: new ApiKeyFile(config.apiKeysFile, { logger }),
      host: config.host,
      port: config.port,
      health: inventory.health,
      metrics: inventory.metrics,
      logger,
    });
    undo.push(() => api.close());
    return { url: api.url, stopped: inventory.stopped, close };
  } catch (error) {
    await close();
    throw error;
  }
}
