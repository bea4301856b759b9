import { setMaxListeners } from 'node:events';
import { PublishError, DONE, type BatchContext, type DeliveredRecord, type Outcome } from '@opendls/event-bus';
import { parseRecord, toRecord, type EventRecord } from '@opendls/event-contracts';
import type { Logger } from '@opendls/logging';
import type { ContactAttempt, ContactCaller, ContactRequest } from './contact-caller.js';
import type { ContactMetrics } from './contact-metrics.js';

export interface ContactRequestParts {
  readonly caller: Pick<ContactCaller, 'call'>;
  /** Resolves when the bus has it. */
  readonly publish: (record: EventRecord) => Promise<void>;
  readonly metrics: ContactMetrics;
  readonly logger: Logger;
}

export interface ContactRequestOptions {
  readonly instanceId: string;
  readonly topicPrefix: string;
  readonly newId: () => string;
  readonly now: () => Date;
}

const HEARTBEAT_MS = 2_000;
const MAX_REMEMBERED_REQUESTS = 10_000;

/**
 * Carries out the requests to wake phones that this gateway gets. What became of one is acknowledged by the bus before the
 * request counts as done. A request that is delivered again is not carried out again: what was told of it is told again,
 * with the same id.
 */
export class ContactRequestConsumer {
  private readonly source: string;
  /** By request: what is told of it, or will be. */
  private readonly reports = new Map<string, Promise<EventRecord | undefined>>();

  constructor(
    private readonly parts: ContactRequestParts,
    private readonly options: ContactRequestOptions,
  ) {
    this.source = `/opendls/gateway/${options.instanceId}`;
  }

  /** All requests of a batch at once: how many are carried out at a time is the caller's business. */
  readonly onBatch = async (
    records: readonly DeliveredRecord[],
    context: BatchContext,
  ): Promise<readonly Outcome[]> => {
    // Every request of the batch listens for the end, and stops to when it is done.
    setMaxListeners(0, context.signal);
    const alive = setInterval(() => void context.heartbeat().catch(() => undefined), HEARTBEAT_MS);
    try {
      return await Promise.all(records.map((record) => this.handle(record, context.signal)));
    } finally {
      clearInterval(alive);
    }
  };

  private async handle(record: DeliveredRecord, signal: AbortSignal): Promise<Outcome> {
    const parsed = parseRecord(record);
    if (parsed.kind === 'invalid') {
      this.parts.metrics.invalidRequests.inc();
      return { kind: 'reject', code: parsed.code, detail: parsed.detail };
    }
    if (parsed.kind !== 'event' || parsed.event.type !== 'opendls.config-policy.contact-requested') return DONE;
    const report = await this.reportOf(parsed.event.data, signal);
    if (report === undefined) return { kind: 'retry', code: 'closing' };
    return this.tell(report);
  }

  private reportOf(request: ContactRequest, signal: AbortSignal): Promise<EventRecord | undefined> {
    const { requestId } = request;
    const known = this.reports.get(requestId);
    if (known !== undefined) return known;
    const report = this.carryOut(request, signal);
    this.reports.set(requestId, report);
    const forget = (): void => void this.reports.delete(requestId);
    report.then((record) => record ?? forget(), forget);
    for (const oldest of this.reports.keys()) {
      if (this.reports.size <= MAX_REMEMBERED_REQUESTS) break;
      this.reports.delete(oldest);
    }
    return report;
  }

  private async carryOut(request: ContactRequest, signal: AbortSignal): Promise<EventRecord | undefined> {
    const { caller, metrics, logger } = this.parts;
    const attempt = await caller.call(request, signal);
    if (attempt === undefined) return undefined;
    metrics.count(attempt.outcome);
    if (attempt.durationMs !== null) metrics.durations.observe(attempt.durationMs / 1_000);
    const { deviceId, requestId } = request;
    const isOdd = attempt.outcome !== 'accepted' && attempt.outcome !== 'expired';
    logger[isOdd ? 'warn' : 'info']({ deviceId, requestId, ...attempt }, 'phone asked to open a contact');
    return this.record(request, attempt);
  }

  private record({ deviceId, requestId }: ContactRequest, attempt: ContactAttempt): EventRecord {
    const { topicPrefix, newId, now } = this.options;
    const type = 'opendls.gateway.contact-attempted';
    const data = { deviceId, requestId, ...attempt };
    return toRecord({ id: newId(), type, source: this.source, subject: deviceId, time: now(), data }, topicPrefix);
  }

  private async tell(report: EventRecord): Promise<Outcome> {
    try {
      await this.parts.publish(report);
      return DONE;
    } catch (error) {
      const isForGood = error instanceof PublishError && error.code === 'rejected';
      this.parts.logger.error({ err: error, deviceId: report.key }, 'result of a ContactMe not published');
      return isForGood ? { kind: 'reject', code: 'unpublishable' } : { kind: 'retry', code: 'publish-failed' };
    }
  }
}
