import { createKafkaEventBus } from '@opendls/event-bus';
import { ApiKeyFile, createApiServer } from '@opendls/http';
import type { Logger } from '@opendls/logging';
import { Registry } from 'prom-client';
import { busMetrics } from './bus-metrics.js';
import type { ConfigPolicyConfig } from './config.js';
import { createConfigPolicy } from './create-config-policy.js';

/** config-policy as a process of its own, on Kafka. */
export interface RunningConfigPolicy {
  readonly url: string;
  /** Rejects when the consumer stopped for good. */
  readonly stopped: Promise<void>;
  /** Stops accepting requests, finishes what is running, flushes the outbox, disconnects. */
  close(): Promise<void>;
}

/** Starts everything; resolves when the API listens. What was started is stopped again when something fails. */
export async function serveConfigPolicy(config: ConfigPolicyConfig, logger: Logger): Promise<RunningConfigPolicy> {
  const metrics = new Registry();
  const bus = createKafkaEventBus({
    brokers: config.kafkaBrokers,
    clientId: 'opendls-config-policy',
    logger: logger.child({ part: 'event-bus' }),
    metrics: busMetrics(metrics),
  });
  const undo: (() => Promise<void>)[] = [() => bus.close()];
  const close = async (): Promise<void> => {
    for (let next = undo.pop(); next !== undefined; next = undo.pop()) await next();
  };
  try {
    const configPolicy = await createConfigPolicy({ ...config, bus, logger, metrics });
    undo.push(() => configPolicy.stop());
    await configPolicy.start();
    const api = await createApiServer({
      title: 'OpenDLS config-policy',
      description: 'Policies, secrets, how far phones follow them, and the work orders that make them follow.',
      modules: configPolicy.modules,
      problems: configPolicy.problems,
      apiKeys: new ApiKeyFile(config.apiKeysFile, { logger }),
      host: config.host,
      port: config.port,
      health: configPolicy.health,
      metrics: configPolicy.metrics,
      logger,
    });
    undo.push(() => api.close());
    return { url: api.url, stopped: configPolicy.stopped, close };
  } catch (error) {
    await close();
    throw error;
  }
}
