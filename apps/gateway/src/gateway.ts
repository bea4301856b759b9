import { randomUUID } from 'node:crypto';
import { deriveTokenKeys, type SealingKeys } from '@opendls/crypto/sealing';
import { DEFAULT_SETTINGS } from '@opendls/dls-interaction';
import type { EventBus } from '@opendls/event-bus';
import { DEVICE_DIRECTIVE_TOPIC, WORK_ORDER_TOPIC } from '@opendls/event-contracts';
import { FileLinks } from '@opendls/file-links';
import { createOpsServer, type ApiKeySource, type HealthCheck, type RunningServer } from '@opendls/http/ops';
import type { Logger } from '@opendls/logging';
import { Registry } from 'prom-client';
import { BusLink, type BusStream } from './bus-link.js';
import type { GatewayConfig } from './config.js';
import { ContactRunner } from './contacts/contact-runner.js';
import { ContactStore } from './contacts/contact-store.js';
import { DeviceQueue } from './contacts/device-queue.js';
import { Refusals } from './contacts/refusals.js';
import { ResumeTokens } from './contacts/resume-token.js';
import { ItemRevealer } from './contacts/reveal-items.js';
import { DeviceDirectives } from './directives/device-directives.js';
import { DirectiveConsumer } from './directives/directive.consumer.js';
import { ModeCheck } from './directives/mode-check.js';
import { GatewayEdge } from './edge.js';
import { FactEvents } from './events/fact-events.js';
import { PhoneSecrets } from './events/phone-secrets.js';
import type { FileSource } from './files/file-source.js';
import { FileUrls } from './files/file-urls.js';
import { GatewayMetrics } from './metrics.js';
import { Admission } from './phones/admission.js';
import { BodyBudget } from './phones/body-budget.js';
import { SIGNATURE_BYTES } from './phones/message-signer.js';
import { PhoneListener } from './phones/phone-listener.js';
import { PhoneMessages } from './phones/phone-messages.js';
import { TlsReload, type ListenerTlsFiles } from './phones/tls-files.js';
import { tlsOptionsOf, type ListenerName } from './phones/tls-options.js';
import { TicketKeys } from './phones/tls-tickets.js';
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
  /** Files whose new content replaces the certificates of the configuration. */
  readonly tlsFiles?: ListenerTlsFiles;
  /** Where the contents of files come from, in place of `config.files.sourceUrl`. */
  readonly fileSource?: FileSource;
}

/** A gateway that answers phones. */
export interface RunningGateway {
  readonly phonesUrl: string;
  readonly securePhonesUrl: string | null;
  readonly legacyPhonesUrl: string | null;
  /** The plain HTTP listener for DCMP polls. */
  readonly dcmpUrl: string | null;
  readonly opsUrl: string | null;
  readonly health: readonly HealthCheck[];
  readonly metrics: Registry;
  /** Rejects when the gateway can no longer work and has to be started again. */
  readonly failed: Promise<never>;
  /** Looks at the files of certificates now. Never rejects. */
  reloadCertificates(): Promise<void>;
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
const now = (): Date => new Date();

class Gateway implements RunningGateway {
  readonly metrics: Registry;
  readonly health: readonly HealthCheck[];
  private readonly gatewayMetrics: GatewayMetrics;
  private readonly waiters = new WorkWaiters();
  private readonly directives = new DeviceDirectives();
  private readonly store: ContactStore;
  private readonly link: BusLink;
  private readonly edge: GatewayEdge;
  private readonly admission: Admission;
  private readonly runner: ContactRunner;
  private readonly listeners: PhoneListener[];
  private readonly tlsReload: TlsReload;
  private ops: RunningServer | undefined;
  private readonly timers: NodeJS.Timeout[] = [];
  private closing: Promise<void> | undefined;

  constructor(private readonly options: GatewayOptions) {
    const { config, bus, logger } = options;
    this.metrics = options.metrics ?? new Registry();
    this.gatewayMetrics = new GatewayMetrics(this.metrics);
    this.store = new ContactStore({
      maxContacts: config.maxOpenContacts,
      maxOrderBytes: config.orderCacheBytes,
      expiryMs: config.contactExpiryMs,
      deploymentExpiryMs: config.cookieMaxAgeMs,
    });
    const { topicPrefix } = config;
    const onLost = (count: number): void => this.gatewayMetrics.lostEvents.inc(count);
    this.edge = this.createEdge();
    this.link = new BusLink(bus, [...this.streams(), ...this.edge.streams], { topicPrefix, onLost }, logger);
    this.admission = new Admission(config, nowMs);
    const events = new FactEvents(
      config.instanceId,
      topicPrefix,
      new PhoneSecrets(options.sealingKeys),
      randomUUID,
      now,
    );
    const refusals = this.createRefusals(events);
    this.runner = this.createRunner(events, refusals);
    this.listeners = this.createListeners(refusals);
    this.tlsReload = new TlsReload(
      config,
      options.tlsFiles ?? {},
      this.listeners,
      (listener, outcome) => this.gatewayMetrics.tlsReloads.inc({ listener, outcome }),
      logger,
    );
    this.health = [
      { name: 'event-bus', check: () => this.link.checkHealth() },
      { name: 'device-directives', check: () => this.checkDirectives() },
    ];
    this.gatewayMetrics.observe({
      openContacts: () => this.store.size,
      heldOrderBytes: () => this.store.heldOrderBytes,
      waiting: () => this.waiters.size,
      inFlight: () => this.admission.inFlight,
      directives: () => this.directives.size,
      connections: () => this.connections(),
    });
  }

  private createEdge(): GatewayEdge {
    const { config, sealingKeys, logger, fileSource } = this.options;
    return new GatewayEdge({
      ...{ config, sealingKeys, logger, fileSource, nowMs, registry: this.metrics, metrics: this.gatewayMetrics },
      isWorkPending: (deviceId) => this.directives.isWorkPending(deviceId),
      publish: (record, timeoutMs) => this.link.publish([record], timeoutMs),
    });
  }

  private connections(): readonly { readonly listener: string; readonly open: number }[] {
    const ofPhones = this.listeners.map(({ name, openConnections: open }) => ({ listener: name, open }));
    const ofPolls = this.edge.dcmpConnections;
    return ofPolls === undefined ? ofPhones : [...ofPhones, { listener: 'dcmp', open: ofPolls }];
  }

  /** What gateways are told. Every gateway reads all of it. */
  private streams(): readonly BusStream[] {
    const { instanceId } = this.options.config;
    const { logger } = this.options;
    // Of this run: a group of the run before, if that crashed, keeps its dead member for a while.
    const run = `${instanceId}.${randomUUID().slice(0, 8)}`;
    const invalid = (): void => this.gatewayMetrics.invalidDirectives.inc();
    const orders = new WorkOrderConsumer(
      instanceId,
      this.waiters,
      {
        onForeign: (deviceId) => this.store.remove(deviceId),
        onLate: () => this.gatewayMetrics.lateWork.inc(),
        onInvalid: () => this.gatewayMetrics.invalidWork.inc(),
      },
      logger,
    );
    const directives = new DirectiveConsumer(this.directives, invalid, logger);
    return [
      {
        topic: WORK_ORDER_TOPIC,
        group: `gateway.work-orders.${run}`,
        from: 'end',
        ephemeral: true,
        onBatch: orders.onBatch,
      },
      {
        topic: DEVICE_DIRECTIVE_TOPIC,
        group: `gateway.device-directives.${run}`,
        from: 'beginning',
        ephemeral: true,
        onBatch: directives.onBatch,
        onCaughtUp: () => this.directives.noteCaughtUp(),
      },
    ];
  }

  get phonesUrl(): string {
    return this.urlOf('default') ?? '';
  }

  get securePhonesUrl(): string | null {
    return this.urlOf('secure');
  }

  get legacyPhonesUrl(): string | null {
    return this.urlOf('legacy');
  }

  get dcmpUrl(): string | null {
    return this.edge.dcmpUrl;
  }

  private urlOf(name: ListenerName): string | null {
    return this.listeners.find((listener) => listener.name === name)?.url ?? null;
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
      await this.edge.start();
      for (const listener of this.listeners) await listener.listen();
      await this.link.start();
      this.every(Math.ceil(config.contactExpiryMs / EXPIRY_CHECKS), () => this.runner.expire());
      this.every(config.tlsReloadIntervalMs, () => void this.reloadCertificates());
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  reloadCertificates(): Promise<void> {
    return this.tlsReload.check();
  }

  private every(periodMs: number, work: () => void): void {
    const timer = setInterval(work, periodMs);
    timer.unref();
    this.timers.push(timer);
  }

  private async checkDirectives(): Promise<void> {
    if (!this.directives.isCaughtUp) throw new Error('the directives of the phones are not all read yet');
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    const { shutdownTimeoutMs } = this.options.config;
    for (const timer of this.timers) clearInterval(timer);
    const begunAtMs = nowMs();
    await Promise.all([this.edge.close(), ...this.listeners.map((listener) => listener.close(shutdownTimeoutMs))]);
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
    const { config, logger, sealingKeys } = this.options;
    const { link, waiters, store, directives, gatewayMetrics: metrics } = this;
    const queue = new DeviceQueue(MAX_MESSAGES_PER_PHONE);
    const modes = new ModeCheck(directives, now);
    const ports = (): { secure: number | undefined; default: number | undefined } => ({
      secure: portOf(this.securePhonesUrl),
      default: portOf(this.phonesUrl),
    });
    const fileUrls = new FileUrls(new FileLinks(sealingKeys), { ...config.files, ports, now });
    const revealer = new ItemRevealer(sealingKeys, fileUrls, logger);
    const { maxActions, traits, maxMessageBytes, signing } = config;
    const maxBytes = signing === null ? maxMessageBytes : maxMessageBytes - SIGNATURE_BYTES;
    return new ContactRunner(
      { link, events, waiters, store, queue, refusals, directives, modes, metrics, logger },
      {
        deadlineMs: config.deadlineMs,
        publishDeadlineMs: config.publishDeadlineMs,
        settings: { ...DEFAULT_SETTINGS, maxBytes, maxActions, traits },
        reveal: (deviceId, host) => revealer.for(deviceId, host),
        nowMs,
      },
    );
  }

  private createListeners(refusals: Refusals): PhoneListener[] {
    const { config, logger, sealingKeys } = this.options;
    const tokens = new ResumeTokens(deriveTokenKeys(sealingKeys, 'gateway-cookie'), config.cookieMaxAgeMs);
    const { runner, admission, gatewayMetrics: metrics } = this;
    const messages = new PhoneMessages(
      { runner, tokens, admission, refusals, metrics, logger },
      { maxBodyBytes: config.requests.maxBodyBytes, signing: config.signing },
    );
    const { paths, requests: limits, phones, securePhones, legacyPhones } = config;
    const bodies = BodyBudget.forBodiesOf(limits.maxBodyBytes);
    const ticketKeys = new TicketKeys(sealingKeys, now);
    const configs = { default: phones, secure: securePhones, legacy: legacyPhones };
    return (['default', 'secure', 'legacy'] as const).flatMap((name) => {
      const one = configs[name];
      if (one === null) return [];
      const tls = tlsOptionsOf(name, config, one.tls);
      const options = { name, config: one, tls, ticketKeys, paths, edge: this.edge, limits, bodies, nowMs };
      return [new PhoneListener(options, messages, metrics, logger.child({ listener: name }))];
    });
  }
}

function portOf(url: string | null): number | undefined {
  return url === null || url === '' ? undefined : Number(new URL(url).port);
}
