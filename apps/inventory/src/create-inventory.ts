import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { GATEWAY_DEVICE_TOPIC, INVENTORY_DEVICE_TOPIC, prefixedTopic } from '@opendls/event-contracts';
import type { EventBus, Subscription } from '@opendls/event-bus';
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
import type { DataSource } from 'typeorm';
import { databaseOptions } from './data-source.js';
import { ContactsStore } from './devices/contacts.store.js';
import { DeviceEventsConsumer } from './devices/device-events.consumer.js';
import { DeviceListStore } from './devices/device-list.store.js';
import { DevicesModule } from './devices/devices.module.js';
import { DevicesService } from './devices/devices.service.js';
import { DevicesStore } from './devices/devices.store.js';
import { HistoryPurge } from './devices/history-purge.js';
import { ItemFragmentsStore } from './devices/item-fragments.store.js';
import { CONSUMER, RecordDeviceEvents, type DeviceStores } from './devices/record-device-events.use-case.js';
import { RemoveDevice } from './devices/remove-device.use-case.js';
import { ReportedItemsStore } from './devices/reported-items.store.js';
import { gauge, InventoryMetrics } from './metrics.js';

const DAY_MS = 24 * 3_600_000;

/** What the inventory needs of the process that hosts it. */
export interface InventoryOptions {
  readonly databaseUrl: string;
  readonly bus: EventBus;
  readonly logger: Logger;
  /** A registry of its own unless given. */
  readonly metrics?: Registry;
  readonly topicPrefix?: string;
  /** Part of `ce_source`; by default made of host and process. */
  readonly instanceId?: string;
  readonly poolSize?: number;
  /** Most events recorded in one transaction. */
  readonly batchSize?: number;
  readonly contactRetentionMs?: number;
  /** Longer than the gateway's topic keeps events, or a redelivery could count twice. */
  readonly processedEventRetentionMs?: number;
  readonly purgeEveryMs?: number;
}

/** The inventory as a part of a process. */
export type InventoryPart = ServicePart;

/**
 * Connects to the database, which has to be migrated, and wires the inventory. Nothing is consumed before `start`.
 * @throws {AppError} `migrations-pending`
 */
export async function createInventory(options: InventoryOptions): Promise<InventoryPart> {
  const { databaseUrl, logger, poolSize } = options;
  return new Inventory(options, await openMigratedDataSource(databaseOptions(databaseUrl, logger, poolSize)));
}

class Inventory implements InventoryPart {
  readonly name = 'inventory';
  readonly modules: ServicePart['modules'];
  readonly health: HealthCheck[];
  readonly metrics: Registry;
  readonly stopped: Promise<void>;
  private readonly consumer: DeviceEventsConsumer;
  private readonly relay: OutboxRelay;
  private readonly historyPurge: HistoryPurge;
  private readonly unitOfWork: UnitOfWork;
  private readonly processedEvents = new ProcessedEvents();
  private processedPurge: { stop(): Promise<void> } | undefined;
  private subscription: Subscription | undefined;
  private stopping: Promise<void> | undefined;
  private stoppedWith!: { resolve: () => void; reject: (reason: unknown) => void };

  constructor(
    private readonly options: InventoryOptions,
    private readonly dataSource: DataSource,
  ) {
    const { bus, logger } = options;
    this.metrics = options.metrics ?? new Registry();
    const metrics = new InventoryMetrics(this.metrics);
    const stores = storesOf(dataSource);
    const stream = {
      source: `/opendls/inventory/${options.instanceId ?? `${hostname()}-${process.pid}`}`,
      topicPrefix: options.topicPrefix ?? '',
      newId: randomUUID,
      now: () => new Date(),
    };
    const outbox = new Outbox();
    this.unitOfWork = new UnitOfWork(dataSource);
    this.relay = new OutboxRelay({ dataSource, outbox, publisher: bus, name: this.name, logger });
    const recorder = new RecordDeviceEvents(this.unitOfWork, stores, this.processedEvents, outbox, stream);
    this.consumer = new DeviceEventsConsumer(recorder, metrics, logger);
    const contactRetentionMs = options.contactRetentionMs ?? 90 * DAY_MS;
    const everyMs = options.purgeEveryMs ?? 3_600_000;
    this.historyPurge = new HistoryPurge({ ...stores, contactRetentionMs, everyMs, purged: metrics.purged, logger });
    const service = new DevicesService(new DeviceListStore(dataSource), stores.devices, stores.items, stores.contacts);
    const removeDevice = new RemoveDevice(this.unitOfWork, stores.devices, outbox, stream);
    this.modules = [DevicesModule.register({ service, removeDevice })];
    this.health = this.healthChecks();
    this.registerGauges();
    this.stopped = new Promise((resolve, reject) => (this.stoppedWith = { resolve, reject }));
    // Whoever hosts the inventory decides; until then the failure must not end the process as unhandled.
    this.stopped.catch(() => undefined);
  }

  async start(): Promise<void> {
    const { bus, logger, topicPrefix = '', batchSize = 1_000 } = this.options;
    await bus.ensureTopics(
      [GATEWAY_DEVICE_TOPIC, INVENTORY_DEVICE_TOPIC].map((topic) => ({
        ...topic,
        name: prefixedTopic(topicPrefix, topic.name),
      })),
    );
    this.relay.start();
    this.historyPurge.start();
    this.processedPurge = schedulePurge({
      unitOfWork: this.unitOfWork,
      processedEvents: this.processedEvents,
      olderThanMs: this.options.processedEventRetentionMs ?? 16 * DAY_MS,
      everyMs: this.options.purgeEveryMs ?? 3_600_000,
      logger,
    });
    this.subscription = await bus.subscribe({
      topics: [prefixedTopic(topicPrefix, GATEWAY_DEVICE_TOPIC.name)],
      // Installations that share a cluster share nothing in it.
      group: `${topicPrefix}${CONSUMER}`,
      from: 'beginning',
      onBatch: (records, context) => this.consumer.handle(records, context),
      maxBatchSize: batchSize,
      // The consumer asks for a retry only while the database cannot be used: then everything waits.
      maxRetries: Infinity,
    });
    this.subscription.stopped.then(this.stoppedWith.resolve, this.stoppedWith.reject);
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  private async stopOnce(): Promise<void> {
    await this.subscription?.close();
    await this.relay.stop();
    await this.historyPurge.stop();
    await this.processedPurge?.stop();
    await this.dataSource.destroy();
  }

  private healthChecks(): HealthCheck[] {
    return [
      databaseHealth(this.dataSource),
      migrationsHealth(this.dataSource),
      {
        name: 'inventory-consumer',
        check: async () => {
          if (this.subscription === undefined) throw new Error('not started');
          this.subscription.checkHealth();
        },
      },
      { name: 'inventory-outbox', check: async () => this.relay.checkHealth() },
    ];
  }

  private registerGauges(): void {
    registerPoolMetrics(this.metrics, this.dataSource, 'opendls_inventory');
    registerOutboxMetrics(this.metrics, this.dataSource, this.relay, 'opendls_inventory');
    gauge(this.metrics, 'opendls_inventory_consumer_lag', 'Events behind the end of the log', () =>
      this.subscription === undefined ? 0 : this.subscription.lag(),
    );
  }
}

function storesOf(dataSource: DataSource): DeviceStores {
  return {
    devices: new DevicesStore(dataSource),
    items: new ReportedItemsStore(dataSource),
    contacts: new ContactsStore(dataSource),
    fragments: new ItemFragmentsStore(dataSource),
  };
}
