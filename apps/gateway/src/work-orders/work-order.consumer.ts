import { DONE, type DeliveredRecord, type Outcome } from '@opendls/event-bus';
import { parseRecord, REPLY_TO_HEADER } from '@opendls/event-contracts';
import type { Logger } from '@opendls/logging';
import { orderOfEvent, type Work } from './order-of-event.js';
import type { WorkWaiters } from './work-waiters.js';

/** What the consumer tells the rest of the gateway. */
export interface WorkOrderListeners {
  /** Another gateway was answered about this phone: whatever is held of it here is out of date (DESIGN, promise 5). */
  readonly onForeign: (deviceId: string) => void;
  readonly onLate: () => void;
  readonly onInvalid: () => void;
}

/**
 * Reads the work-order stream. Every gateway sees every record; the ones for others are skipped by their headers, without
 * being parsed. A record that cannot be read is left out: the phone's deadline covers it, and a dead-letter topic per
 * gateway process would be nobody's.
 */
export class WorkOrderConsumer {
  constructor(
    private readonly instanceId: string,
    private readonly waiters: WorkWaiters,
    private readonly listeners: WorkOrderListeners,
    private readonly logger: Logger,
  ) {}

  readonly onBatch = async (records: readonly DeliveredRecord[]): Promise<readonly Outcome[]> =>
    records.map((record) => {
      if (record.header(REPLY_TO_HEADER) === this.instanceId) this.take(record);
      else this.listeners.onForeign(record.key);
      return DONE;
    });

  private take(record: DeliveredRecord): void {
    const parsed = parseRecord(record);
    if (parsed.kind === 'invalid') {
      this.logger.error({ code: parsed.code, detail: parsed.detail }, 'unreadable work order');
      this.listeners.onInvalid();
      return;
    }
    if (parsed.kind !== 'event') return;
    const { event } = parsed;
    if (event.type === 'opendls.config-policy.work-order-issued') {
      this.answer(event.data.inReplyTo, orderOfEvent(event.data));
    } else if (event.type === 'opendls.config-policy.no-work') {
      const { inReplyTo, moreOrdersWaiting } = event.data;
      this.answer(inReplyTo, { kind: 'no-work', moreOrdersWaiting });
    }
  }

  private answer(inReplyTo: string, work: Work): void {
    if (!this.waiters.answer(inReplyTo, work)) this.listeners.onLate();
  }
}
