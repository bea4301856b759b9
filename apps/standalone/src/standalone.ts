import { Teardown } from '@opendls/command-line';
import { createConfigPolicy, migrateConfigPolicy, type ConfigPolicyPart } from '@opendls/config-policy';
import { parseSealingKeys } from '@opendls/crypto';
import { ensureFirstApiKey, openDataDirectory, type DataDirectory } from '@opendls/data-directory';
import type { RunningInstallation } from '@opendls/demo-phones';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@opendls/embedded-postgres';
import { busMetrics, createPostgresEventBus, type EventBus } from '@opendls/event-bus';
import { TOPICS } from '@opendls/event-contracts';
import { gatewayConfig, startGateway, type RunningGateway } from '@opendls/gateway';
import { ApiKeyFile, createApiServer, HealthRegistry, type ApiServer, type HealthCheck } from '@opendls/http';
import { createInventory, migrateInventory, type InventoryPart } from '@opendls/inventory';
import { createLogger, logFile, type Logger } from '@opendls/logging';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Registry } from 'prom-client';
import type { StandaloneOptions } from './command-line.js';
import { holdFreePort, type HeldPort } from './held-port.js';
import { storedFiles } from './stored-files.js';

const DATABASES = {
  inventory: 'opendls_inventory',
  configPolicy: 'opendls_config_policy',
  log: 'opendls_log',
} as const;

/** What the parts are started with. */
interface Site {
  readonly options: StandaloneOptions;
  readonly data: DataDirectory;
  readonly logger: Logger;
  /** Tells the person at the terminal what is going on. */
  readonly say: (line: string) => void;
  readonly teardown: Teardown;
  /** Where phones in Secure Mode call: config-policy tells them, the gateway listens. */
  readonly securePort: HeldPort;
}

/** Starts everything in this process. What was started is stopped again when a later part cannot start. */
export async function startStandalone(
  options: StandaloneOptions,
  say: (line: string) => void,
): Promise<RunningInstallation> {
  const teardown = new Teardown();
  try {
    const data = await openDataDirectory(options['data-dir']);
    teardown.add(() => data.release());
    for (const warning of data.warnings) say(warning);
    const securePort = await securePortOf(options);
    teardown.add(() => securePort.release());
    const running = await startParts({ options, data, logger: logTo(data), say, teardown, securePort });
    return { ...running, data, close: () => teardown.run() };
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

/** config-policy tells phones the secure port before the gateway listens on it. */
async function securePortOf(options: StandaloneOptions): Promise<HeldPort> {
  const port = options['secure-phone-port'];
  return port === 0 ? holdFreePort(options.host) : { port, release: () => Promise.resolve() };
}

function logTo({ logDirectory }: DataDirectory): Logger {
  return createLogger({ name: 'opendls', level: 'info', destination: logFile(path.join(logDirectory, 'opendls.log')) });
}

async function startParts(site: Site): Promise<Omit<RunningInstallation, 'data' | 'close'>> {
  const { data, logger, say, teardown } = site;
  const newApiKey = await ensureFirstApiKey(data);
  say('Starting PostgreSQL ...');
  const postgres = await startEmbeddedPostgres({
    dataDir: data.resolve('postgres'),
    logger: logger.child({ part: 'postgres' }),
  });
  teardown.add(() => postgres.stop());
  await prepareDatabases(postgres);
  const ops: Ops = { health: new HealthRegistry({ logger }), metrics: new Registry() };
  const bus = await startBus(site, postgres, ops.metrics);
  say('Starting inventory, config-policy and gateway ...');
  const [inventory, configPolicy] = await startServices(site, postgres, bus);
  ops.health.add(...namedAfter(inventory), ...namedAfter(configPolicy));
  const api = await startApi(site, inventory, configPolicy, ops);
  const gateway = await startPhoneListeners(site, bus, configPolicy, ops.metrics);
  ops.health.add(...gateway.health);
  await data.writeEventLogUrl(postgres.url(DATABASES.log));
  await data.writeEndpoints({
    phones: gateway.phonesUrl,
    ...(gateway.securePhonesUrl ? { securePhones: gateway.securePhonesUrl } : {}),
    ...(gateway.legacyPhonesUrl ? { legacyPhones: gateway.legacyPhonesUrl } : {}),
    ...(gateway.dcmpUrl ? { dcmp: gateway.dcmpUrl } : {}),
    api: api.url,
    kafka: null,
    processes: [
      { name: 'standalone', pid: process.pid, url: api.url },
      { name: 'postgres', pid: postgres.pid, url: null },
    ],
  });
  const failed = Promise.race([
    postgres.exited.then(() => Promise.reject(new Error('PostgreSQL ended'))),
    inventory.stopped.then(() => Promise.reject(new Error('the inventory stopped consuming'))),
    configPolicy.stopped.then(() => Promise.reject(new Error('config-policy stopped consuming'))),
    gateway.failed,
  ]);
  // Whoever runs the server decides; an orderly stop must not end the process as unhandled.
  failed.catch(() => undefined);
  const { phonesUrl, securePhonesUrl, legacyPhonesUrl, dcmpUrl } = gateway;
  return { phonesUrl, securePhonesUrl, legacyPhonesUrl, dcmpUrl, apiUrl: api.url, newApiKey, failed };
}

/** What the API server shows of the parts. */
interface Ops {
  readonly health: HealthRegistry;
  /** Of the event bus and the gateway; the services have their own. */
  readonly metrics: Registry;
}

/** The checks of a part under names of their own: both services have one called `database`. */
function namedAfter({
  name,
  health,
}: {
  readonly name: string;
  readonly health: readonly HealthCheck[];
}): HealthCheck[] {
  return health.map((check) => ({
    name: check.name.startsWith(name) ? check.name : `${name}-${check.name}`,
    check: () => check.check(),
  }));
}

async function prepareDatabases(postgres: EmbeddedPostgres): Promise<void> {
  for (const database of Object.values(DATABASES)) await postgres.ensureDatabase(database);
  await migrateInventory(postgres.url(DATABASES.inventory));
  await migrateConfigPolicy(postgres.url(DATABASES.configPolicy));
}

async function startBus({ logger, teardown }: Site, postgres: EmbeddedPostgres, metrics: Registry): Promise<EventBus> {
  const bus = createPostgresEventBus({
    databaseUrl: postgres.url(DATABASES.log),
    logger: logger.child({ part: 'event-log' }),
    metrics: busMetrics(metrics),
  });
  teardown.add(() => bus.close());
  await bus.ensureTopics(TOPICS);
  return bus;
}

async function startServices(
  { data, logger, teardown, securePort }: Site,
  postgres: EmbeddedPostgres,
  bus: EventBus,
): Promise<[InventoryPart, ConfigPolicyPart]> {
  const inventory = await createInventory({
    databaseUrl: postgres.url(DATABASES.inventory),
    bus,
    logger: logger.child({ part: 'inventory' }),
    instanceId: 'standalone',
  });
  teardown.add(() => inventory.stop());
  const configPolicy = await createConfigPolicy({
    databaseUrl: postgres.url(DATABASES.configPolicy),
    bus,
    logger: logger.child({ part: 'config-policy' }),
    sealingKeys: parseSealingKeys(data.sealingKeys),
    policyDir: data.policyDirectory,
    instanceId: 'standalone',
    security: {
      authority: await identityIn(data.certificateAuthority),
      serverAuthorities: data.serverCaFile === undefined ? undefined : await readFile(data.serverCaFile, 'utf8'),
      securePhonePort: securePort.port,
    },
  });
  teardown.add(() => configPolicy.stop());
  await inventory.start();
  await configPolicy.start();
  return [inventory, configPolicy];
}

async function startApi(
  { options, data, logger, teardown }: Site,
  inventory: InventoryPart,
  configPolicy: ConfigPolicyPart,
  { health, metrics }: Ops,
): Promise<ApiServer> {
  const apiLogger = logger.child({ part: 'api' });
  const api = await createApiServer({
    title: 'OpenDLS',
    host: options.host ?? '127.0.0.1',
    port: options['api-port'],
    modules: [...inventory.modules, ...configPolicy.modules],
    problems: { ...inventory.problems, ...configPolicy.problems },
    apiKeys: new ApiKeyFile(data.apiKeysFile, { logger: apiLogger }),
    health,
    metrics: [inventory.metrics, configPolicy.metrics, metrics],
    logger: apiLogger,
  });
  teardown.add(() => api.close());
  return api;
}

async function startPhoneListeners(
  { options, data, logger, teardown, securePort }: Site,
  bus: EventBus,
  configPolicy: ConfigPolicyPart,
  metrics: Registry,
): Promise<RunningGateway> {
  const host = options.host === undefined ? {} : { host: options.host };
  const listener = { ...host, tls: await identityIn(data.tls) };
  const legacyPort = options['legacy-phone-port'];
  const dcmpPort = options['dcmp-port'];
  const networks = options['phone-network'];
  const secureTls = await identityIn(data.secureTls);
  await securePort.release();
  const gateway = await startGateway({
    config: gatewayConfig({
      instanceId: 'standalone',
      phones: { ...listener, port: options['phone-port'] },
      securePhones: {
        ...host,
        port: securePort.port,
        tls: secureTls,
        clientCa: await readFile(data.certificateAuthority.certificateFile, 'utf8'),
      },
      legacyPhones: legacyPort === undefined ? null : { ...listener, port: legacyPort },
      contactMe: {
        simulatedPhones: options['simulated-phones'],
        ...(networks === undefined ? {} : { networks }),
      },
      dcmp: dcmpPort === undefined ? null : { ...host, port: dcmpPort },
      files: { cacheDir: data.resolve('file-cache') },
    }),
    fileSource: storedFiles(configPolicy.files),
    tlsFiles: {
      default: pemFiles(data.tls),
      legacy: pemFiles(data.tls),
      secure: { ...pemFiles(data.secureTls), clientCa: data.certificateAuthority.certificateFile },
    },
    bus,
    logger: logger.child({ part: 'gateway' }),
    sealingKeys: parseSealingKeys(data.sealingKeys),
    metrics,
  });
  teardown.add(() => gateway.close());
  return gateway;
}

function pemFiles({ keyFile, certificateFile }: DataDirectory['tls']): { key: string; cert: string } {
  return { key: keyFile, cert: certificateFile };
}

async function identityIn({ keyFile, certificateFile }: DataDirectory['tls']): Promise<{ key: string; cert: string }> {
  return { key: await readFile(keyFile, 'utf8'), cert: await readFile(certificateFile, 'utf8') };
}
