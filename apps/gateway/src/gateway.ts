import { randomUUID } from 'node:crypto';
import { CryptoError, deriveTokenKeys, open, type SealingKeys } from '@opendls/crypto';
import { DEFAULT_SETTINGS, type Settings } from '@opendls/dls-interaction';
import type { EventBus } from '@opendls/event-bus';
import { sealContext } from '@opendls/event-contracts';
import { createOpsServer, type ApiKeySource, type HealthCheck, type RunningServer } from '@opendls/http';
import { itemKey } from '@opendls/item-catalog';
import type { Logger } from '@opendls/logging';
import { Registry } from 'prom-client';
import { BusLink } from './bus-link.js';
import type { GatewayConfig } from './config.js';
import { ContactRunner } from './contacts/contact-runner.js';
import { ContactStore } from './contacts/contact-store.js';
import { DeviceQueue } from './contacts/device-queue.js';
import { Refusals } from './contacts/refusals.js';
import { ResumeTokens } from './contacts/resume-token.js';
import { FactEvents } from './events/fact-events.js';
import { GatewayMetrics } from './metrics.js';
import { Admission } from './phones/admission.js';
import { PhoneListener } from './phones/phone-listener.js';
import { PhoneMessages } from './phones/phone-messages.js';
import { legacyTlsOptions, tlsOptions } from './phones/tls-options.js';
import { WorkOrderConsumer } from './work-orders/work-order.consumer.js';
import { WorkWaiters } from './work-orders/work-waiters.js';

/** Messages of one phone that may wait for each other; a phone sends one at a time. */
const MAX_MESSAGES_PER_PHONE = 4;
const EXPIRY_CHECKS = 6;

export interface GatewayOptions {
  readonly config: GatewayConfig;
  /** Stays open when the gateway closes: it belongs to whoever made it. */
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly sealingKeys: SealingKeys;
  /** For the health and metrics server; without it that server is not started. */
  readonly apiKeys?: ApiKeySource;
  readonly metrics?: Registry;
}

/** A gateway that answers phones. */
export interface RunningGateway {
  readonly phonesUrl: string;
  readonly legacyPhonesUrl: string | null;
  readonly opsUrl: string | null;
  readonly health: readonly HealthCheck[];
  readonly metrics: Registry;
  /** Rejects when the gateway can no longer work and has to be started again. */
  readonly failed: Promise<never>;
  /** Stops accepting, finishes what is in flight, publishes what is left. May be called twice. */
  close(): Promise<void>;
}

/** Starts a gateway. It answers phones also while the bus is down, with `overload`. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const gateway = new Gateway(options);
  await gateway.start();
  return gateway;
}

const nowMs = (): number => performance.now();

class Gateway implements RunningGateway {
  readonly metrics: Registry;
  readonly health: readonly HealthCheck[];
  private readonly gatewayMetrics: GatewayMetrics;
  private readonly waiters = new WorkWaiters();
  private readonly store: ContactStore;
  private readonly link: BusLink;
  private readonly admission: Admission;
  private readonly runner: ContactRunner;
  private readonly listeners: PhoneListener[];
  private ops: RunningServer | undefined;
  private expiry: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: GatewayOptions) {
    const { config, bus, logger } = options;
    this.metrics = options.metrics ?? new Registry();
    this.gatewayMetrics = new GatewayMetrics(this.metrics);
    this.store = new ContactStore({
      maxContacts: config.maxOpenContacts,
      maxOrderBytes: config.orderCacheBytes,
      expiryMs: config.contactExpiryMs,
    });
    const consumer = new WorkOrderConsumer(
      config.instanceId,
      this.waiters,
      {
        onForeign: (deviceId) => this.store.remove(deviceId),
        onLate: () => this.gatewayMetrics.lateWork.inc(),
        onInvalid: () => this.gatewayMetrics.invalidWork.inc(),
      },
      logger,
    );
    const { topicPrefix, instanceId } = config;
    const onLost = (count: number): void => this.gatewayMetrics.lostEvents.inc(count);
    this.link = new BusLink(bus, consumer, { topicPrefix, instanceId, onLost }, logger);
    this.admission = new Admission(config, nowMs);
    const events = new FactEvents(config.instanceId, config.topicPrefix, randomUUID, () => new Date());
    const refusals = this.createRefusals(events);
    this.runner = this.createRunner(events, refusals);
    this.listeners = this.createListeners(refusals);
    this.health = [{ name: 'event-bus', check: () => this.link.checkHealth() }];
    this.gatewayMetrics.observe({
      openContacts: () => this.store.size,
      heldOrderBytes: () => this.store.heldOrderBytes,
      waiting: () => this.waiters.size,
      inFlight: () => this.admission.inFlight,
      connections: () => this.listeners.map(({ name, openConnections: open }) => ({ listener: name, open })),
    });
  }

  get phonesUrl(): string {
    return this.listeners[0]?.url ?? '';
  }

  get legacyPhonesUrl(): string | null {
    return this.listeners[1]?.url ?? null;
  }

  get opsUrl(): string | null {
    return this.ops?.url ?? null;
  }

  get failed(): Promise<never> {
    return this.link.failed;
  }

  async start(): Promise<void> {
    const { config } = this.options;
    try {
      await this.startOps();
      for (const listener of this.listeners) await listener.listen();
      await this.link.start();
      this.expiry = setInterval(() => this.runner.expire(), Math.ceil(config.contactExpiryMs / EXPIRY_CHECKS));
      this.expiry.unref();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    const { shutdownTimeoutMs } = this.options.config;
    clearInterval(this.expiry);
    const begunAtMs = nowMs();
    await Promise.all(this.listeners.map((listener) => listener.close(shutdownTimeoutMs)));
    this.admission.close();
    await this.link.close(Math.max(100, shutdownTimeoutMs - (nowMs() - begunAtMs)));
    await this.ops?.close();
  }

  private async startOps(): Promise<void> {
    const { config, apiKeys, logger } = this.options;
    if (config.ops === null || apiKeys === undefined) return;
    const { health, metrics } = this;
    this.ops = await createOpsServer({ ...config.ops, apiKeys, health, metrics, logger });
  }

  private createRefusals(events: FactEvents): Refusals {
    const { logger } = this.options;
    return new Refusals(
      (code, listener) => this.gatewayMetrics.refusals.inc({ listener, code }),
      (refusal) => {
        const { deviceId, code, connection } = refusal;
        logger.warn({ deviceId, code, remoteAddress: connection.remoteAddress }, 'contact refused');
        if (!this.link.isUp) return;
        this.link.publishLater(events.refusedRecord(refusal));
      },
      nowMs,
    );
  }

  private createRunner(events: FactEvents, refusals: Refusals): ContactRunner {
    const { config, logger } = this.options;
    const { link, waiters, store, gatewayMetrics: metrics } = this;
    const queue = new DeviceQueue(MAX_MESSAGES_PER_PHONE);
    const { maxActions, legacyEntities, canSolicit } = config;
    return new ContactRunner(
      { link, events, waiters, store, queue, refusals, metrics, logger },
      {
        deadlineMs: config.deadlineMs,
        publishDeadlineMs: config.publishDeadlineMs,
        settings: { ...DEFAULT_SETTINGS, maxActions, legacyEntities, canSolicit },
        reveal: (deviceId) => this.revealFor(deviceId),
        nowMs,
      },
    );
  }

  /** Opens sealed values only while a message is built of them. */
  private revealFor(deviceId: string): Settings['reveal'] {
    const { sealingKeys, logger } = this.options;
    return ({ name, index, value, isSealed }) => {
      if (isSealed !== true) return value;
      const key = itemKey(name, index);
      try {
        return open(sealingKeys, value, sealContext(deviceId, key));
      } catch (error) {
        if (!(error instanceof CryptoError)) throw error;
        logger.error({ deviceId, item: key, code: error.code }, 'sealed value cannot be opened');
        return undefined;
      }
    };
  }

  private createListeners(refusals: Refusals): PhoneListener[] {
    const { config, logger, sealingKeys } = this.options;
    const tokens = new ResumeTokens(deriveTokenKeys(sealingKeys, 'gateway-cookie'), config.cookieMaxAgeMs);
    const { runner, admission, gatewayMetrics: metrics } = this;
    const messages = new PhoneMessages(
      { runner, tokens, admission, refusals, metrics, logger },
      { maxBodyBytes: config.requests.maxBodyBytes, legacyEntities: config.legacyEntities },
    );
    const common = { paths: config.paths, limits: config.requests, nowMs };
    const { phones, legacyPhones } = config;
    const options = [{ ...common, name: 'default' as const, config: phones, tls: tlsOptions(phones) }];
    const legacy = legacyPhones
      ? [{ ...common, name: 'legacy' as const, config: legacyPhones, tls: legacyTlsOptions(legacyPhones) }]
      : [];
    return [...options, ...legacy].map(
      (one) => new PhoneListener(one, messages, metrics, logger.child({ listener: one.name })),
    );
  }
}
