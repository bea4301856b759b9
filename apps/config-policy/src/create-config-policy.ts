import { hostname } from 'node:os';
import type { SealingKeys } from '@opendls/crypto';
import type { EventBus, Subscription } from '@opendls/event-bus';
import { GATEWAY_DEVICE_TOPIC, prefixedTopic, TOPICS } from '@opendls/event-contracts';
import type { HealthCheck, ServicePart } from '@opendls/http';
import type { Logger } from '@opendls/logging';
import {
  databaseHealth,
  migrationsHealth,
  openMigratedDataSource,
  Outbox,
  OutboxRelay,
  ProcessedEvents,
  registerOutboxMetrics,
  registerPoolMetrics,
  schedulePurge,
  UnitOfWork,
} from '@opendls/postgres';
import { Registry } from 'prom-client';
import type { DynamicModule } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { databaseOptions } from './data-source.js';
import { DEFAULT_SETTINGS, type DecisionSettings } from './decision-settings.js';
import { AnswerDeviceEvents, CONSUMER } from './devices/answer-device-events.use-case.js';
import { DeviceEventsConsumer } from './devices/device-events.consumer.js';
import { DeviceMessages } from './devices/device-messages.js';
import type { WorkspaceParts } from './devices/device-workspace.js';
import { DEVICE_PROBLEMS } from './devices/devices.errors.js';
import { ConfiguredDevicesModule } from './devices/devices.module.js';
import { DevicesService } from './devices/devices.service.js';
import { DevicesStore } from './devices/devices.store.js';
import { MaintainDevices } from './devices/maintain-devices.use-case.js';
import { createFileStore, type FileSettings, type FileStore } from './files/create-file-store.js';
import { FILE_PROBLEMS } from './files/files.errors.js';
import type { StoredContents } from './files/read-content.js';
import { MaintenanceLoop } from './maintenance-loop.js';
import { ConfigPolicyMetrics } from './metrics.js';
import { ChangePolicies } from './policies/change-policies.use-case.js';
import { POLICY_PROBLEMS } from './policies/policies.errors.js';
import { MOBILE_USER_PROBLEMS } from './mobile-users/mobile-users.errors.js';
import { createMobileUsers, type MobileUsers } from './mobile-users/mobile-users.module.js';
import { PoliciesModule } from './policies/policies.module.js';
import { PoliciesService } from './policies/policies.service.js';
import { PoliciesStore } from './policies/policies.store.js';
import { PolicyDirectory } from './policies/policy-directory.js';
import { PolicyRegistry } from './policies/policy-registry.js';
import { SECRET_PROBLEMS } from './secrets/secrets.errors.js';
import { SecretsModule } from './secrets/secrets.module.js';
import { SecretsService } from './secrets/secrets.service.js';
import { SecretsStore } from './secrets/secrets.store.js';
import {
  createSecurity,
  openAuthority,
  type SecurityAuthority,
  type SecurityFeature,
} from './security/security-feature.js';
import type { SecurityOptions } from './security/security-settings.js';
import { SECURITY_PROBLEMS } from './security/security.errors.js';
import { WakeDevices } from './waking/wake-devices.use-case.js';
import { ORDER_PROBLEMS } from './work-orders/orders.errors.js';
import { OrdersModule } from './work-orders/orders.module.js';
import { OrdersService } from './work-orders/orders.service.js';
import { RequestOrders } from './work-orders/request-orders.use-case.js';
import { WorkOrdersStore } from './work-orders/work-orders.store.js';

/** How often contents that nothing needs are looked for. */
const FILES_INTERVAL_MS = 600_000;

export interface ConfigPolicyOptions {
  readonly databaseUrl: string;
  readonly bus: EventBus;
  readonly logger: Logger;
  /** A registry of its own unless given. */
  readonly metrics?: Registry;
  /** Shared with the gateways, which open what is sealed here. */
  readonly sealingKeys: SealingKeys;
  /** Directory with policy files; absent: policies come through the API only. */
  readonly policyDir?: string;
  readonly topicPrefix?: string;
  /** Part of `ce_source`; by default made of host and process. */
  readonly instanceId?: string;
  readonly poolSize?: number;
  readonly settings?: Partial<DecisionSettings>;
  /** Bounds of the file store. */
  readonly files?: Partial<FileSettings>;
  /** Absent: no phone can be asked into Secure Mode. */
  readonly security?: SecurityOptions;
  readonly clock?: () => Date;
}

/** config-policy as a part of a process. */
export interface ConfigPolicyPart extends ServicePart {
  /** Contents of stored files, for a gateway in the same process. */
  readonly files: StoredContents;
}

/**
 * Connects to the database, which has to be migrated, and wires policies, secrets, phones and their work orders. Nothing is
 * consumed before `start`.
 * @throws {AppError} `migrations-pending`
 * @throws {CryptoError} `certificate-authority-invalid`
 */
export async function createConfigPolicy(options: ConfigPolicyOptions): Promise<ConfigPolicyPart> {
  const { databaseUrl, logger, poolSize } = options;
  const authority = await openAuthority(options.security);
  const dataSource = await openMigratedDataSource(databaseOptions(databaseUrl, logger, poolSize));
  return new ConfigPolicy(options, dataSource, authority);
}

class ConfigPolicy implements ConfigPolicyPart {
  readonly name = 'config-policy';
  readonly problems = {
    ...POLICY_PROBLEMS,
    ...SECRET_PROBLEMS,
    ...FILE_PROBLEMS,
    ...DEVICE_PROBLEMS,
    ...ORDER_PROBLEMS,
    ...SECURITY_PROBLEMS,
    ...MOBILE_USER_PROBLEMS,
  };
  readonly modules: ServicePart['modules'];
  readonly health: HealthCheck[];
  readonly metrics: Registry;
  readonly stopped: Promise<void>;

  private readonly settings: DecisionSettings;
  private readonly unitOfWork: UnitOfWork;
  private readonly outbox = new Outbox();
  private readonly processed = new ProcessedEvents();
  private readonly relay: OutboxRelay;
  private readonly parts: WorkspaceParts;
  private readonly counters: ConfigPolicyMetrics;
  private readonly fileStore: FileStore;
  private readonly security: SecurityFeature;
  private readonly mobileUsers: MobileUsers;
  private readonly messages: DeviceMessages;
  private readonly directory: PolicyDirectory | undefined;
  private readonly loops: MaintenanceLoop[] = [];
  private purge: { stop(): Promise<void> } | undefined;
  private subscription: Subscription | undefined;
  private rejectStopped: (reason: unknown) => void = () => undefined;

  constructor(
    private readonly options: ConfigPolicyOptions,
    private readonly dataSource: DataSource,
    authority: SecurityAuthority | undefined,
  ) {
    const { logger, metrics = new Registry(), sealingKeys, topicPrefix = '', clock = () => new Date() } = options;
    this.settings = { ...DEFAULT_SETTINGS, ...options.settings };
    this.metrics = metrics;
    this.counters = new ConfigPolicyMetrics(metrics);
    this.unitOfWork = new UnitOfWork(dataSource);
    this.fileStore = createFileStore({ dataSource, sealingKeys, metrics, clock, settings: options.files });
    const policiesStore = new PoliciesStore(dataSource);
    const secrets = new SecretsService(this.unitOfWork, new SecretsStore(dataSource), sealingKeys, clock);
    this.security = createSecurity({ dataSource, unitOfWork: this.unitOfWork, sealingKeys, clock, logger }, authority);
    this.mobileUsers = createMobileUsers({
      ...{ dataSource, unitOfWork: this.unitOfWork, secrets, sealingKeys, metrics, clock, logger },
    });
    this.parts = {
      devices: new DevicesStore(dataSource),
      orders: new WorkOrdersStore(dataSource),
      policies: new PolicyRegistry(policiesStore),
      ...{ secrets, sealingKeys, clock, settings: this.settings },
      features: [this.security.rules, this.mobileUsers.rules],
    };
    const source = `/opendls/config-policy/${options.instanceId ?? `${hostname()}-${process.pid}`}`;
    this.messages = new DeviceMessages(source, topicPrefix, clock);
    const change = new ChangePolicies(this.unitOfWork, policiesStore, clock, options.policyDir !== undefined);
    this.directory =
      options.policyDir === undefined ? undefined : new PolicyDirectory(options.policyDir, change, logger);
    this.relay = new OutboxRelay({ dataSource, outbox: this.outbox, publisher: options.bus, name: this.name, logger });
    this.modules = [
      PoliciesModule.register({ change, service: new PoliciesService(policiesStore, this.directory) }),
      SecretsModule.register(secrets),
      this.fileStore.module,
      this.security.module,
      this.mobileUsers.module,
      ConfiguredDevicesModule.register(new DevicesService(dataSource, this.parts)),
      this.ordersModule(),
    ];
    this.health = this.healthChecks();
    this.stopped = new Promise((_resolve, reject) => (this.rejectStopped = reject));
    // Whoever does not look at it shall not be ended by it.
    this.stopped.catch(() => undefined);
    this.registerMetrics();
  }

  get files(): StoredContents {
    return this.fileStore.service;
  }

  async start(): Promise<void> {
    const { bus, logger, topicPrefix = '' } = this.options;
    await bus.ensureTopics(TOPICS.map((topic) => ({ ...topic, name: prefixedTopic(topicPrefix, topic.name) })));
    await this.directory?.load();
    this.relay.start();
    const answer = new AnswerDeviceEvents(
      this.unitOfWork,
      this.processed,
      this.outbox,
      this.parts,
      this.messages,
      this.counters,
    );
    this.subscription = await bus.subscribe({
      topics: [prefixedTopic(topicPrefix, GATEWAY_DEVICE_TOPIC.name)],
      // Installations that share a cluster have topics, and so groups, of their own.
      group: `${topicPrefix}${CONSUMER}`,
      from: 'beginning',
      onBatch: new DeviceEventsConsumer(answer, this.counters, logger).onBatch,
      // What cannot be handled is rejected by the consumer itself; all else passes with the database.
      maxBatchSize: this.settings.batchSize,
      maxRetries: Infinity,
    });
    this.subscription.stopped.catch((error: unknown) => this.rejectStopped(error));
    this.startMaintenance();
  }

  async stop(): Promise<void> {
    await this.subscription?.close();
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.purge?.stop();
    await this.relay.stop();
    await this.dataSource.destroy();
  }

  private ordersModule(): DynamicModule {
    const { unitOfWork, outbox, parts, messages, counters } = this;
    return OrdersModule.register({
      requests: new RequestOrders(unitOfWork, outbox, parts, messages, counters, this.fileStore.service),
      service: new OrdersService(parts.devices, parts.orders),
    });
  }

  private startMaintenance(): void {
    const { logger } = this.options;
    const { maintenanceIntervalMs: interval, processedEventRetentionMs: olderThanMs } = this.settings;
    const { unitOfWork, outbox, parts, messages, counters, processed: processedEvents, directory } = this;
    const maintain = new MaintainDevices(unitOfWork, outbox, parts, messages, counters, logger);
    this.loops.push(new MaintenanceLoop('devices', (signal) => maintain.execute(signal), interval, logger));
    const wake = new WakeDevices(unitOfWork, outbox, parts, messages, counters);
    this.loops.push(new MaintenanceLoop('waking', (signal) => wake.execute(signal), interval, logger));
    if (directory !== undefined) {
      this.loops.push(new MaintenanceLoop('policy directory', () => directory.refresh(), interval, logger));
    }
    const { service } = this.fileStore;
    this.loops.push(
      new MaintenanceLoop('files', async () => void (await service.removeUnused()), FILES_INTERVAL_MS, logger),
    );
    const { maintain: secure } = this.security;
    if (secure !== undefined) this.loops.push(new MaintenanceLoop('secure mode', secure, interval, logger));
    for (const loop of this.loops) loop.start();
    this.purge = schedulePurge({ unitOfWork, processedEvents, olderThanMs, everyMs: 600_000, logger });
  }

  private healthChecks(): HealthCheck[] {
    return [
      databaseHealth(this.dataSource),
      migrationsHealth(this.dataSource),
      {
        name: 'config-policy-consumer',
        check: async () => {
          if (this.subscription === undefined) throw new Error('not started');
          this.subscription.checkHealth();
        },
      },
      { name: 'config-policy-outbox', check: async () => this.relay.checkHealth() },
    ];
  }

  private registerMetrics(): void {
    const { orders, devices, policies } = this.parts;
    registerPoolMetrics(this.metrics, this.dataSource, 'opendls_config_policy');
    registerOutboxMetrics(this.metrics, this.dataSource, this.relay, 'opendls_config_policy');
    this.counters.gauge('consumer_lag', 'Events that wait to be handled', () => this.subscription?.lag() ?? 0);
    this.counters.gauge('policies', 'Policies in force', () => policies.size);
    this.counters.gauge('policy_load_errors', 'Policy files with problems', () => this.directory?.errorCount() ?? 0);
    this.counters.countedGauge('open_orders', 'Work orders that are not closed', ['kind', 'state'], async () =>
      (await orders.countOpen()).map(({ kind, state, count }) => ({ labels: { kind, state }, count })),
    );
    this.counters.countedGauge('due_contacts', 'Phones that are to be woken by now', [], async () => [
      { labels: {}, count: await devices.countDueContacts(new Date()) },
    ]);
    this.counters.countedGauge('mobile_users', 'Mobile users by whether they are logged on', ['state'], async () =>
      (await this.mobileUsers.store.countByPresence()).map(({ state, count }) => ({ labels: { state }, count })),
    );
    this.counters.countedGauge('devices', 'Phones by compliance state', ['state'], async () =>
      (await devices.countByCompliance()).map(({ compliance, count }) => ({ labels: { state: compliance }, count })),
    );
    this.counters.countedGauge('devices_by_security', 'Phones by where they stand with Secure Mode', ['mode'], () =>
      this.security.reports.countByMode(),
    );
  }
}
