import { parseRecord, type AnyEvent, type EventType } from '@opendls/event-contracts';
import { DONE, type BatchContext, type DeliveredRecord, type Outcome } from '@opendls/event-bus';
import type { Logger } from '@opendls/logging';
import type { InventoryMetrics } from '../metrics.js';
import { classifyFailure } from './record-failure.js';

/** Takes events in, all or none; returns the ids of those that were new. */
export interface EventRecorder {
  execute(events: readonly AnyEvent[]): Promise<ReadonlySet<string>>;
}

/** What became of one record. */
export type EventResult = 'recorded' | 'duplicate' | 'ignored' | 'rejected' | 'retry';

const HANDLED: ReadonlySet<EventType> = new Set<EventType>([
  'opendls.gateway.device-started',
  'opendls.gateway.device-solicited',
  'opendls.gateway.local-changes-reported',
  'opendls.gateway.inventory-changed',
  'opendls.gateway.deployment-reported',
  'opendls.gateway.items-reported',
  'opendls.gateway.step-completed',
  'opendls.gateway.contact-closed',
]);

const MAX_CONFLICTS = 5;

interface Entry {
  readonly position: number;
  readonly event: AnyEvent;
}

/**
 * Consumes gateway events. A batch is recorded at once. When its content makes that fail, halves of it are recorded until
 * the record to blame is alone and rejected; when the database fails, the rest is to be delivered again.
 */
export class DeviceEventsConsumer {
  private isWaiting = false;

  constructor(
    private readonly recorder: EventRecorder,
    private readonly metrics: InventoryMetrics,
    private readonly logger: Logger,
  ) {}

  /** The handler for `EventBus.subscribe`. */
  async handle(records: readonly DeliveredRecord[], context: BatchContext): Promise<readonly Outcome[]> {
    const outcomes = new Array<Outcome>(records.length).fill(DONE);
    const entries: Entry[] = [];
    for (const [position, record] of records.entries()) {
      const parsed = this.parse(record);
      if ('event' in parsed) entries.push({ position, event: parsed.event });
      else outcomes[position] = parsed.outcome;
    }
    this.metrics.batchSize.observe(records.length);
    const stop = this.metrics.batchSeconds.startTimer();
    await this.record(entries, outcomes, context);
    stop();
    return outcomes;
  }

  private parse(record: DeliveredRecord): { readonly event: AnyEvent } | { readonly outcome: Outcome } {
    const type = record.header('ce_type') ?? '';
    const result = HANDLED.has(type as EventType) ? parseRecord(record) : undefined;
    switch (result?.kind) {
      case 'event':
        return 'deviceId' in result.event.data && result.event.data.deviceId === result.event.subject
          ? { event: result.event }
          : this.rejected(record, type, 'subject-mismatch', 'the data names another device than the key');
      case 'invalid':
        return this.rejected(record, type, result.code, result.detail);
      default:
        return this.passedBy(record, type);
    }
  }

  /** Types that are of no interest here, or not known yet, are no fault; something that is no event at all is. */
  private passedBy(record: DeliveredRecord, type: string): { readonly outcome: Outcome } {
    if (type === '') return this.rejected(record, type, 'not-a-cloud-event', 'ce_type is missing');
    this.metrics.countEvents('ignored', type);
    return { outcome: DONE };
  }

  private rejected(record: DeliveredRecord, type: string, code: string, detail: string): { readonly outcome: Outcome } {
    this.metrics.countEvents('rejected', type);
    const { topic, partition, offset } = record;
    this.logger.error({ deviceId: record.key, type, code, detail, topic, partition, offset }, 'event rejected');
    return { outcome: { kind: 'reject', code, detail } };
  }

  /** Records entries in order, halving them where their content fails. False: the database failed, the rest must wait. */
  private async record(entries: readonly Entry[], outcomes: Outcome[], context: BatchContext): Promise<boolean> {
    if (entries.length === 0) return true;
    const error = await this.tryRecord(entries);
    if (error === undefined) return true;
    if (classifyFailure(error) === 'unavailable' || context.signal.aborted) {
      this.wait(entries, outcomes, error);
      return false;
    }
    if (entries.length === 1) {
      this.rejectEntry(entries[0]!, outcomes, error);
      return true;
    }
    await context.heartbeat();
    const middle = Math.ceil(entries.length / 2);
    const rest = entries.slice(middle);
    if (await this.record(entries.slice(0, middle), outcomes, context)) return this.record(rest, outcomes, context);
    this.wait(rest, outcomes, error);
    return false;
  }

  /** The error that remains after conflicts with other writers were tried again. */
  private async tryRecord(entries: readonly Entry[]): Promise<Error | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const newIds = await this.recorder.execute(entries.map(({ event }) => event));
        this.recorded(entries, newIds);
        return undefined;
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error('recording failed', { cause });
        if (classifyFailure(error) !== 'conflict' || attempt >= MAX_CONFLICTS) return error;
        this.logger.debug({ err: error, attempt }, 'another writer was in between, recording again');
      }
    }
  }

  private recorded(entries: readonly Entry[], newIds: ReadonlySet<string>): void {
    if (this.isWaiting) this.logger.info({}, 'database is back, events are recorded again');
    this.isWaiting = false;
    const now = Date.now();
    for (const { event } of entries) {
      this.metrics.countEvents(newIds.has(event.id) ? 'recorded' : 'duplicate', event.type);
      if (newIds.has(event.id)) this.metrics.delaySeconds.observe(Math.max(0, now - event.time.getTime()) / 1_000);
    }
  }

  private wait(entries: readonly Entry[], outcomes: Outcome[], error: Error): void {
    if (!this.isWaiting) this.logger.error({ err: error }, 'events cannot be recorded, waiting for the database');
    this.isWaiting = true;
    for (const { position, event } of entries) {
      outcomes[position] = { kind: 'retry', code: 'database-unavailable' };
      this.metrics.countEvents('retry', event.type);
    }
  }

  private rejectEntry({ position, event }: Entry, outcomes: Outcome[], error: Error): void {
    outcomes[position] = { kind: 'reject', code: 'cannot-be-recorded', detail: error.name };
    this.metrics.countEvents('rejected', event.type);
    const fields = { deviceId: event.subject, eventId: event.id, type: event.type, code: 'cannot-be-recorded' };
    this.logger.error({ ...fields, err: error }, 'event rejected');
  }
}
