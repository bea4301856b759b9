import { ConfigError, loadConfig } from '@opendls/config';
import { parseSealingKeys } from '@opendls/crypto';
import { createKafkaEventBus } from '@opendls/event-bus';
import { ApiKeyFile } from '@opendls/http';
import { createLogger, type Logger } from '@opendls/logging';
import { configFromEnvironment, gatewayEnvironment } from './config.js';
import { startGateway } from './gateway.js';

const FLUSH_LOG_MS = 100;
async function main(): Promise<Logger> {
  const env = loadConfig({ schema: gatewayEnvironment, env: process.env, prefixes: ['OPENDLS_GATEWAY_'] });
  const config = configFromEnvironment(env);
  const logger = createLogger({ name: 'gateway', level: env.OPENDLS_LOG_LEVEL }).child({ instance: config.instanceId });
  const bus = createKafkaEventBus({
    brokers: env.OPENDLS_KAFKA_BROKERS,
    clientId: config.instanceId,
    logger,
    publish: { lingerMs: env.OPENDLS_GATEWAY_BATCH_MS },
    fetchIntervalMs: env.OPENDLS_GATEWAY_BATCH_MS,
  });
  const apiKeys = new ApiKeyFile(env.OPENDLS_API_KEYS_FILE, { logger });
  const sealingKeys = parseSealingKeys(env.OPENDLS_SEALING_KEYS);
  const gateway = await startGateway({ config, bus, logger, sealingKeys, apiKeys });

  let isStopping = false;
  const stop = async (reason: string, exitCode: number): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ reason }, 'stopping');
    await gateway.close();
    await bus.close();
    process.exit(exitCode);
  };
  const onSignal = (reason: string, exitCode = 0): void => {
    stop(reason, exitCode).catch((error: unknown) => fail(error, logger));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // Started by a supervisor over IPC: without it nobody would stop this process.
  process.on('disconnect', () => onSignal('disconnect'));
  gateway.failed.catch((error: unknown) => {
    logger.fatal({ err: error }, 'gateway cannot go on');
    onSignal('failed', 1);
  });

  const { phonesUrl, legacyPhonesUrl, opsUrl } = gateway;
  logger.info({ phonesUrl, legacyPhonesUrl, opsUrl }, 'gateway is ready');
  process.send?.({ type: 'ready', urls: { phones: phonesUrl, legacyPhones: legacyPhonesUrl, ops: opsUrl } });
  return logger;
}

function fail(error: unknown, logger?: Logger): void {
  const log = logger ?? createLogger({ name: 'gateway', level: 'info' });
  if (error instanceof ConfigError) log.fatal({ problems: error.problems }, 'configuration is not valid');
  else log.fatal({ err: error }, 'gateway failed');
  setTimeout(() => process.exit(1), FLUSH_LOG_MS);
}

main().catch((error: unknown) => fail(error));
