import { Teardown } from '@opendls/command-line';
import { ensureFirstApiKey, openDataDirectory, type DataDirectory } from '@opendls/data-directory';
import { migrateConfigPolicy } from '@opendls/config-policy';
import { urlHost } from '@opendls/http';
import { migrateInventory } from '@opendls/inventory';
import type { RunningInstallation } from '@opendls/demo-phones';
import { createLogger, logFile, type Logger } from '@opendls/logging';
import path from 'node:path';
import { startApiProxy } from './api-proxy.js';
import { startBalancer, type Backend } from './balancer.js';
import { clusterPostgres, DATABASES, type ClusterPostgres } from './cluster-postgres.js';
import type { ClusterOptions } from './command-line.js';
import { clusterKafka, type ClusterKafka } from './kafka-process.js';
import { configPolicyProcess, gatewayProcess, inventoryProcess, type SiteSettings } from './service-processes.js';
import { SupervisedProcess } from './supervised-process.js';

/** Servers of others that are used instead of starting our own. */
export interface NamedServers {
  readonly kafkaBrokers: string | undefined;
  readonly databaseUrl: string | undefined;
}

/**
 * Starts everything, each service as its own process. What was started is stopped again when a later part cannot start.
 *
 * @param say tells the person at the terminal what is going on
 */
export async function startCluster(
  options: ClusterOptions,
  named: NamedServers,
  say: (line: string) => void,
): Promise<RunningInstallation> {
  const teardown = new Teardown();
  const notices = new Notices(say);
  try {
    const data = await openDataDirectory(options['data-dir']);
    teardown.add(() => data.release());
    for (const warning of data.warnings) say(warning);
    const newApiKey = await ensureFirstApiKey(data);
    say(named.databaseUrl ? 'Using the named PostgreSQL ...' : 'Starting PostgreSQL ...');
    const postgres = await clusterPostgres(data, named.databaseUrl, logTo(data));
    teardown.add(() => postgres.stop());
    const kafka = await clusterKafka(data, named.kafkaBrokers, notices.tell);
    teardown.add(() => kafka.stop());
    const edge = await startServices({ options, data, postgres, kafka, notices, teardown });
    return { ...edge, brokers: kafka.brokers, data, newApiKey, failed: postgres.failed, close: () => teardown.run() };
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

function logTo({ logDirectory }: DataDirectory): Logger {
  return createLogger({ name: 'cluster', level: 'info', destination: logFile(path.join(logDirectory, 'cluster.log')) });
}

interface Parts {
  readonly options: ClusterOptions;
  readonly data: DataDirectory;
  readonly postgres: ClusterPostgres;
  readonly kafka: ClusterKafka;
  readonly notices: Notices;
  readonly teardown: Teardown;
}

async function startServices(
  parts: Parts,
): Promise<Pick<RunningInstallation, 'phonesUrl' | 'securePhonesUrl' | 'legacyPhonesUrl' | 'dcmpUrl' | 'apiUrl'>> {
  const { options, data, postgres, kafka, notices, teardown } = parts;
  const { tell } = notices;
  const databaseUrls = {
    inventory: postgres.url(DATABASES.inventory),
    configPolicy: postgres.url(DATABASES.configPolicy),
  };
  tell('Migrating the databases ...');
  await migrateInventory(databaseUrls.inventory);
  await migrateConfigPolicy(databaseUrls.configPolicy);
  // The addresses are there before the services, which are told of them; nothing answers there until the services do.
  const services: Services = { inventory: undefined, configPolicy: undefined, gateways: [] };
  const edge = await startEdge(options, services, teardown);
  const site: SiteSettings = {
    data,
    brokers: kafka.brokers,
    databaseUrls,
    securePort: edge.securePort,
    filesUrl: edge.localApiUrl,
    legacyPhones: options['legacy-phone-port'] !== undefined,
    dcmp: options['dcmp-port'] !== undefined,
    phoneNetworks: options['phone-network'],
    simulatedPhones: options['simulated-phones'],
  };

  const inventory = new SupervisedProcess(inventoryProcess(site), tell);
  const configPolicy = new SupervisedProcess(configPolicyProcess(site), tell);
  const gateways = Array.from(
    { length: options.gateways },
    (_, n) => new SupervisedProcess(gatewayProcess(site, n + 1), tell),
  );
  Object.assign(services, { inventory, configPolicy, gateways });
  const all = [inventory, configPolicy, ...gateways];
  tell(`Starting inventory, config-policy and ${gateways.length} gateway(s); logs are in ${data.logDirectory} ...`);
  teardown.add(async () => {
    // Gateways first: they still need the others to finish what they are doing.
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await Promise.all([inventory.stop(), configPolicy.stop()]);
  });
  await Promise.all(all.map((process) => process.start()));

  await notices.follow(() =>
    data.writeEndpoints({ ...edge.endpoints, kafka: kafka.brokers, processes: processList(parts, all) }),
  );
  teardown.add(() => notices.stop());
  const { phones, securePhones, legacyPhones, dcmp, api } = edge.endpoints;
  return {
    phonesUrl: phones,
    securePhonesUrl: securePhones,
    legacyPhonesUrl: legacyPhones ?? null,
    dcmpUrl: dcmp ?? null,
    apiUrl: api,
  };
}

/** Every notice may mean that a process came or went, so what is written about the processes is written anew. */
class Notices {
  private write: () => Promise<void> = () => Promise.resolve();
  private written = Promise.resolve();

  constructor(private readonly say: (line: string) => void) {}

  readonly tell = (line: string): void => {
    this.say(line);
    this.written = this.written.then(() => this.write());
  };

  /** Writes now and after every further notice. */
  follow(write: () => Promise<void>): Promise<void> {
    this.write = write;
    this.written = this.written.then(write);
    return this.written;
  }

  stop(): Promise<void> {
    this.write = () => Promise.resolve();
    return this.written;
  }
}

/** What is behind the addresses of the installation; filled when it is known what the addresses are. */
interface Services {
  inventory: SupervisedProcess | undefined;
  configPolicy: SupervisedProcess | undefined;
  gateways: readonly SupervisedProcess[];
}

interface Edge {
  readonly endpoints: {
    readonly phones: string;
    readonly securePhones: string;
    readonly legacyPhones?: string;
    readonly dcmp?: string;
    readonly api: string;
  };
  readonly securePort: number;
  /** The APIs as processes of this machine reach them. */
  readonly localApiUrl: string;
}

/** The API of any address is reached on this machine by its loopback address. */
const ANY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

async function startEdge(options: ClusterOptions, services: Services, teardown: Teardown): Promise<Edge> {
  const apiHost = options.host ?? '127.0.0.1';
  const api = await startApiProxy({
    host: apiHost,
    port: options['api-port'],
    backends: [
      { name: 'inventory', prefix: '/inventory', url: () => services.inventory?.urls?.['api'] ?? undefined },
      { name: 'config-policy', prefix: '/config-policy', url: () => services.configPolicy?.urls?.['api'] ?? undefined },
    ],
  });
  teardown.add(() => api.close());
  const balance = async (role: string, port: number): Promise<{ readonly url: string; readonly port: number }> => {
    const backends = (): Backend[] => backendsOf(services.gateways, role);
    const balancer = await startBalancer({ host: options.host, port, backends });
    teardown.add(() => balancer.close());
    const scheme = role === 'dcmp' ? 'http' : 'https';
    return { url: `${scheme}://${urlHost(options.host ?? '127.0.0.1')}:${balancer.port}`, port: balancer.port };
  };
  const phones = await balance('phones', options['phone-port']);
  const secure = await balance('securePhones', options['secure-phone-port']);
  const { 'legacy-phone-port': legacyPort, 'dcmp-port': dcmpPort } = options;
  return {
    endpoints: {
      phones: phones.url,
      securePhones: secure.url,
      ...(legacyPort === undefined ? {} : { legacyPhones: (await balance('legacyPhones', legacyPort)).url }),
      ...(dcmpPort === undefined ? {} : { dcmp: (await balance('dcmp', dcmpPort)).url }),
      api: `http://${urlHost(apiHost)}:${api.port}`,
    },
    securePort: secure.port,
    localApiUrl: `http://${urlHost(ANY_ADDRESS[apiHost] ?? apiHost)}:${api.port}`,
  };
}

function backendsOf(gateways: readonly SupervisedProcess[], role: string): Backend[] {
  return gateways.flatMap((gateway) => {
    const url = gateway.urls?.[role];
    return url ? [{ host: '127.0.0.1', port: Number(new URL(url).port) }] : [];
  });
}

function processList(
  { postgres, kafka }: Parts,
  services: readonly SupervisedProcess[],
): { name: string; pid: number; url: string | null }[] {
  const running = services.flatMap(({ spec, pid, urls }) =>
    pid === undefined ? [] : [{ name: spec.name, pid, url: urls?.['api'] ?? urls?.['ops'] ?? null }],
  );
  return [
    { name: 'cluster', pid: process.pid, url: null },
    ...(postgres.pid === undefined ? [] : [{ name: 'postgres', pid: postgres.pid, url: null }]),
    ...kafka.pids().map((pid, n) => ({ name: n === 0 ? 'kafka' : `kafka-${n + 1}`, pid, url: null })),
    ...running,
  ];
}
