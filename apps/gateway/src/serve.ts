import { busMetrics, createKafkaEventBus } from '@opendls/event-bus';
import { ApiKeyFile } from '@opendls/http/ops';
import type { Logger } from '@opendls/logging';
import type { RunningService } from '@opendls/service-process/process';
import { Registry } from 'prom-client';
import { configFromEnvironment, gatewayEnvironment, type GatewayConfig, type GatewayEnvironment } from './config.js';
import { startGateway } from './gateway.js';
import type { ListenerTlsFiles } from './phones/tls-files.js';

/** Time for the event bus to flush and leave after the gateway has finished with its phones. */
const BUS_CLOSE_MS = 4_000;

/** The configuration of the gateway as a process of its own. */
export interface GatewaySettings {
  readonly logLevel: GatewayEnvironment['OPENDLS_LOG_LEVEL'];
  readonly shutdownTimeoutMs: number;
  readonly kafkaBrokers: readonly string[];
  readonly apiKeysFile: string;
  readonly sealingKeys: GatewayEnvironment['OPENDLS_SEALING_KEYS'];
  /** Events of this time share one request to Kafka each way. */
  readonly batchMs: number;
  readonly gateway: GatewayConfig;
}

/** The environment as settings of the process. */
export const gatewaySettings = gatewayEnvironment.transform((env): GatewaySettings => {
  const gateway = configFromEnvironment(env);
  return {
    logLevel: env.OPENDLS_LOG_LEVEL,
    shutdownTimeoutMs: gateway.shutdownTimeoutMs + BUS_CLOSE_MS,
    kafkaBrokers: env.OPENDLS_KAFKA_BROKERS,
    apiKeysFile: env.OPENDLS_API_KEYS_FILE,
    sealingKeys: env.OPENDLS_SEALING_KEYS,
    batchMs: env.OPENDLS_GATEWAY_BATCH_MS,
    gateway,
  };
});

/** Starts the gateway on Kafka. It answers phones also while Kafka is away, with `overload`. */
export async function serveGateway(
  settings: GatewaySettings,
  processLogger: Logger,
  tlsFiles: ListenerTlsFiles = {},
): Promise<RunningService> {
  const { kafkaBrokers, batchMs, apiKeysFile, sealingKeys, gateway: config } = settings;
  const logger = processLogger.child({ instance: config.instanceId });
  const metrics = new Registry();
  const bus = createKafkaEventBus({
    brokers: kafkaBrokers,
    clientId: config.instanceId,
    logger,
    metrics: busMetrics(metrics),
    publish: { lingerMs: batchMs },
    fetchIntervalMs: batchMs,
  });
  const apiKeys = new ApiKeyFile(apiKeysFile, { logger });
  const gateway = await startGateway({ config, bus, logger, sealingKeys, apiKeys, metrics, tlsFiles });
  const reload = (): void => void gateway.reloadCertificates();
  process.on('SIGHUP', reload);
  return {
    urls: {
      phones: gateway.phonesUrl,
      securePhones: gateway.securePhonesUrl,
      legacyPhones: gateway.legacyPhonesUrl,
      dcmp: gateway.dcmpUrl,
      ops: gateway.opsUrl,
    },
    stopped: gateway.failed,
    close: async () => {
      process.off('SIGHUP', reload);
      await gateway.close();
      await bus.close();
    },
  };
}
