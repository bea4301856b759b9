import 'reflect-metadata';
import { ConfigError, loadConfig } from '@opendls/config';
import { createLogger, type Logger } from '@opendls/logging';
import { configPolicyEnvironment, migrationEnvironment } from './config.js';
import { migrateConfigPolicy } from './data-source.js';
import { serveConfigPolicy } from './serve.js';

const { env } = process;

async function migrate(): Promise<void> {
  const config = loadConfig({ schema: migrationEnvironment, env, prefixes: [] });
  const logger = createLogger({ name: 'config-policy', level: config.OPENDLS_LOG_LEVEL });
  await migrateConfigPolicy(config.OPENDLS_CONFIG_POLICY_DATABASE_URL, logger);
}

async function serve(): Promise<void> {
  const config = loadConfig({ schema: configPolicyEnvironment, env, prefixes: ['OPENDLS_CONFIG_POLICY_'] });
  const logger = createLogger({ name: 'config-policy', level: config.logLevel });
  const asked = askedToStop();
  // What is needed may be down for long; a process that still waits for it can be stopped all the same.
  const configPolicy = await Promise.race([serveConfigPolicy(config, logger), asked]);
  if (configPolicy === undefined) process.exit(0);
  logger.info({ url: configPolicy.url }, 'config-policy is ready');
  process.send?.({ type: 'ready', urls: { api: configPolicy.url } });

  const reason = await Promise.race([asked, configPolicy.stopped.then(unexpectedEnd, (error: unknown) => error)]);
  const exitCode = reason === undefined ? 0 : 1;
  logger[exitCode === 0 ? 'info' : 'fatal']({ err: reason }, 'config-policy is stopping');
  setTimeout(() => giveUp(logger), config.shutdownTimeoutMs).unref();
  await configPolicy.close();
  process.exit(exitCode);
}

/** Ctrl-C, an orchestrator, or the end of the process that started this one. */
function askedToStop(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(signal, () => resolve(undefined));
  });
}

function unexpectedEnd(): Error {
  return new Error('the consumer ended');
}

function giveUp(logger: Logger): void {
  logger.fatal({}, 'config-policy did not stop in time');
  process.exit(1);
}

const [command, ...rest] = process.argv.slice(2);
try {
  if (rest.length > 0 || (command !== undefined && command !== 'migrate')) throw new Error('usage: main.js [migrate]');
  await (command === 'migrate' ? migrate() : serve());
} catch (error) {
  if (error instanceof ConfigError) console.error(error.message);
  else createLogger({ name: 'config-policy', level: 'info' }).fatal({ err: error }, 'config-policy cannot start');
  process.exit(1);
}
