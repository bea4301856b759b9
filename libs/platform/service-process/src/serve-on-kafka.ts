import { Teardown } from '@opendls/command-line';
import { busMetrics, createKafkaEventBus, type EventBus } from '@opendls/event-bus';
import { ApiKeyFile, createApiServer, type ServicePart } from '@opendls/http';
import type { Logger } from '@opendls/logging';
import { Registry } from 'prom-client';
import type { RunningService } from './run-service.js';

/** What a service with an API needs to know of its surroundings. */
export interface KafkaServiceSettings {
  readonly kafkaBrokers: readonly string[];
  readonly apiKeysFile: string;
  readonly host: string;
  readonly port: number;
}

export interface KafkaServiceOptions {
  readonly name: string;
  /** What the API's document says of it. */
  readonly title: string;
  readonly description: string;
  readonly settings: KafkaServiceSettings;
  readonly logger: Logger;
  readonly create: (shared: { readonly bus: EventBus; readonly metrics: Registry }) => Promise<ServicePart>;
}

/**
 * Starts a service alone in this process: event bus on Kafka, the service itself, its API. Resolves when the API listens.
 * What was started is stopped again when a later part cannot start.
 */
export async function serveOnKafka(options: KafkaServiceOptions): Promise<RunningService> {
  const teardown = new Teardown();
  try {
    return await start(options, teardown);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function start(options: KafkaServiceOptions, teardown: Teardown): Promise<RunningService> {
  const { name, title, description, settings, logger } = options;
  const metrics = new Registry();
  const bus = createKafkaEventBus({
    brokers: settings.kafkaBrokers,
    clientId: `opendls-${name}`,
    logger: logger.child({ part: 'event-bus' }),
    metrics: busMetrics(metrics),
  });
  teardown.add(() => bus.close());
  const service = await options.create({ bus, metrics });
  teardown.add(() => service.stop());
  await service.start();
  const api = await createApiServer({
    title,
    description,
    modules: service.modules,
    problems: service.problems,
    apiKeys: new ApiKeyFile(settings.apiKeysFile, { logger }),
    host: settings.host,
    port: settings.port,
    health: service.health,
    metrics: service.metrics,
    logger,
  });
  teardown.add(() => api.close());
  return { urls: { api: api.url }, stopped: service.stopped, close: () => teardown.run() };
}
