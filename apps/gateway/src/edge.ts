import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SealingKeys } from '@opendls/crypto/sealing';
import { CONTACT_REQUEST_TOPIC, type DeviceId, type EventRecord } from '@opendls/event-contracts';
import { FileLinks } from '@opendls/file-links';
import type { Logger } from '@opendls/logging';
import type { Registry } from 'prom-client';
import type { BusStream } from './bus-link.js';
import type { GatewayConfig } from './config.js';
import { ContactCaller } from './contact-me/contact-caller.js';
import { systemResolve } from './contact-me/contact-client.js';
import { ContactMetrics } from './contact-me/contact-metrics.js';
import { ContactRequestConsumer } from './contact-me/contact-request.consumer.js';
import { DcmpListener } from './dcmp/dcmp-listener.js';
import { DCMP_PATH } from './dcmp/dcmp-poll.js';
import { DcmpMetrics, DcmpRequests } from './dcmp/dcmp-requests.js';
import { ContentCache } from './files/content-cache.js';
import { FileMetrics } from './files/file-metrics.js';
import { FileRequests } from './files/file-requests.js';
import type { FileSource } from './files/file-source.js';
import { FILES_PATH } from './files/file-urls.js';
import { HttpFileSource } from './files/http-file-source.js';
import type { GatewayMetrics } from './metrics.js';
import type { HttpRefusalCode } from './phones/http-refusal.js';
import type { ListenerName } from './phones/tls-options.js';

export interface EdgeParts {
  readonly config: GatewayConfig;
  readonly sealingKeys: SealingKeys;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly metrics: GatewayMetrics;
  readonly isWorkPending: (deviceId: DeviceId) => boolean;
  /** Resolves when the bus has the record. */
  readonly publish: (record: EventRecord, timeoutMs: number) => Promise<void>;
  /** In place of `config.files.sourceUrl`. */
  readonly fileSource: FileSource | undefined;
  readonly nowMs: () => number;
}

/** Why a request is not answered, and what would be. */
export interface EdgeRefusal {
  readonly code: HttpRefusalCode;
  readonly allow: string;
}

const PUBLISH_TIMEOUT_MS = 5_000;
/** What one batch can take is what one phone can take, several times over: small batches commit often. */
const MAX_REQUESTS_PER_BATCH = 100;
const MAX_FILLS = 8;
const FILL_STALL_MS = 15_000;

/** What gateways do at their edge besides the protocol's contacts: wake phones, answer polls, give files. */
export class GatewayEdge {
  readonly streams: readonly BusStream[];
  private readonly cache: ContentCache;
  private readonly files: FileRequests;
  private readonly dcmp: DcmpRequests;
  private readonly dcmpListener: DcmpListener | undefined;

  constructor(private readonly parts: EdgeParts) {
    const { config, registry, isWorkPending } = parts;
    this.streams = [this.contactRequests()];
    const { cacheDir: directory, cacheBytes: maxBytes } = config.files;
    this.cache = new ContentCache({ directory, maxBytes, maxFills: MAX_FILLS, fillStallMs: FILL_STALL_MS });
    this.files = this.fileRequests();
    this.dcmp = new DcmpRequests(isWorkPending, new DcmpMetrics(registry));
    if (config.dcmp !== null) this.dcmpListener = this.createDcmpListener(config.dcmp);
  }

  get dcmpUrl(): string | null {
    return this.dcmpListener?.url ?? null;
  }

  /** Open connections of the plain listener; undefined when there is none. */
  get dcmpConnections(): number | undefined {
    return this.dcmpListener?.openConnections;
  }

  /** @throws ListenError, or when the directory of the file cache cannot be used */
  async start(): Promise<void> {
    await this.cache.prepare();
    await this.dcmpListener?.listen();
  }

  async close(): Promise<void> {
    await this.dcmpListener?.close();
  }

  /** Whether requests with this path are answered here. */
  handles(path: string): boolean {
    return path === DCMP_PATH || path.startsWith(FILES_PATH);
  }

  /** Answers a request of a phone, or says why it is to be refused. */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    listener: ListenerName,
  ): EdgeRefusal | undefined {
    const { method } = request;
    if (path === DCMP_PATH) {
      if (method !== 'GET') return { code: 'method-not-allowed', allow: 'GET' };
      this.dcmp.answer(request, response);
      return undefined;
    }
    if (method !== 'GET' && method !== 'HEAD') return { code: 'method-not-allowed', allow: 'GET, HEAD' };
    this.files.answer(request, response, path, listener).catch((error: unknown) => {
      this.parts.logger.error({ err: error }, 'file request failed');
      response.destroy();
    });
    return undefined;
  }

  private contactRequests(): BusStream {
    const { config, registry, publish, logger, nowMs } = this.parts;
    const { instanceId, topicPrefix } = config;
    const now = (): Date => new Date();
    const metrics = new ContactMetrics(registry);
    const caller = new ContactCaller(config.contactMe, systemResolve, { nowMs, now });
    metrics.observe(() => caller.inProgress);
    const consumer = new ContactRequestConsumer(
      { caller, publish: (record) => publish(record, PUBLISH_TIMEOUT_MS), metrics, logger },
      { instanceId, topicPrefix, newId: randomUUID, now },
    );
    return {
      topic: CONTACT_REQUEST_TOPIC,
      // One for all gateways: each request is for one of them. What is old says so itself.
      group: 'gateway.contact-requests',
      isBeside: true,
      from: 'beginning',
      maxRetries: Infinity,
      maxBatchSize: MAX_REQUESTS_PER_BATCH,
      onBatch: consumer.onBatch,
    };
  }

  private fileRequests(): FileRequests {
    const { config, sealingKeys, registry, logger, fileSource } = this.parts;
    const { sourceUrl } = config.files;
    const source = fileSource ?? (sourceUrl === null ? null : new HttpFileSource(sourceUrl));
    const links = new FileLinks(sealingKeys);
    const metrics = new FileMetrics(registry);
    return new FileRequests({ links, cache: this.cache, source, metrics, logger, now: () => new Date() }, config.files);
  }

  private createDcmpListener(config: NonNullable<GatewayConfig['dcmp']>): DcmpListener {
    const { refusals, connectionsRefused } = this.parts.metrics;
    const listener = 'dcmp';
    return new DcmpListener(config, this.dcmp, {
      onRefused: (code) => refusals.inc({ listener, code }),
      onConnectionRefused: (cause) => connectionsRefused.inc({ listener, cause }),
    });
  }
}
