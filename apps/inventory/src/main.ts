import 'reflect-metadata';
import { ConfigError, loadConfig } from '@opendls/config';
import { createLogger, type Logger } from '@opendls/logging';
import { inventoryEnvironment, migrationEnvironment } from './config.js';
import { migrateInventory } from './data-source.js';
import { serveInventory } from './serve.js';

const { env } = process;

async function migrate(): Promise<void> {
  const config = loadConfig({ schema: migrationEnvironment, env, prefixes: [] });
  const logger = createLogger({ name: 'inventory', level: config.OPENDLS_LOG_LEVEL });
  await migrateInventory(config.OPENDLS_INVENTORY_DATABASE_URL, logger);
}

async function serve(): Promise<void> {
  const config = loadConfig({ schema: inventoryEnvironment, env, prefixes: ['OPENDLS_INVENTORY_'] });
  const logger = createLogger({ name: 'inventory', level: config.logLevel });
  const asked = askedToStop();
  // What is needed may be down for long; a process that still waits for it can be stopped all the same.
  const inventory = await Promise.race([serveInventory(config, logger), asked]);
  if (inventory === undefined) process.exit(0);
  logger.info({ url: inventory.url }, 'inventory is ready');
  process.send?.({ type: 'ready', urls: { api: inventory.url } });

  const reason = await Promise.race([asked, inventory.stopped.then(unexpectedEnd, (error: unknown) => error)]);
  const exitCode = reason === undefined ? 0 : 1;
  logger[exitCode === 0 ? 'info' : 'fatal']({ err: reason }, 'inventory is stopping');
  setTimeout(() => giveUp(logger), config.shutdownTimeoutMs).unref();
  await inventory.close();
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
  logger.fatal({}, 'inventory did not stop in time');
  process.exit(1);
}

const [command, ...rest] = process.argv.slice(2);
try {
  if (rest.length > 0 || (command !== undefined && command !== 'migrate')) throw new Error('usage: main.js [migrate]');
  await (command === 'migrate' ? migrate() : serve());
} catch (error) {
  if (error instanceof ConfigError) console.error(error.message);
  else createLogger({ name: 'inventory', level: 'info' }).fatal({ err: error }, 'inventory cannot start');
  process.exit(1);
}
