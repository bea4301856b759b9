import { DONE, type BatchContext, type BatchHandler, type DeliveredRecord, type Outcome } from '@opendls/event-bus';
import { parseDeviceId, parseRecord, REPLY_TO_HEADER, type AnyEvent } from '@opendls/event-contracts';
import { AppError, type Logger } from '@opendls/logging';
import type { ConfigPolicyMetrics } from '../metrics.js';
import { isDeviceEvent, type AnswerDeviceEvents, type DeviceEvent } from './answer-device-events.use-case.js';
import type { Question } from './device-messages.js';

/** Stands for a contact id that cannot be read; gateways find the waiting contact by the id of their event. */
const UNREADABLE_CONTACT = 'unreadable-contact';
const CONTACT_ID = /^[A-Za-z0-9_-]{16,64}$/;

/** A record and what is to be said of it. */
interface Slot {
  readonly record: DeliveredRecord;
  readonly event: DeviceEvent | undefined;
  outcome: Outcome;
}

/** Gateway events in: parses, has them answered, classifies what went wrong. */
export class DeviceEventsConsumer {
  constructor(
    private readonly answerEvents: AnswerDeviceEvents,
    private readonly metrics: ConfigPolicyMetrics,
    private readonly logger: Logger,
  ) {}

  /** The handler for the event bus. */
  readonly onBatch: BatchHandler = async (records, context) => {
    const slots: Slot[] = [];
    for (const record of records) slots.push(await this.read(record));
    const waiting = slots.filter((slot) => slot.event !== undefined);
    try {
      await this.answerEvents.execute(waiting.flatMap(({ event }) => event ?? []));
    } catch (error) {
      if (isRetriable(error)) this.postpone(waiting, error);
      else await this.oneByOne(waiting, context);
    }
    return slots.map(({ outcome }) => outcome);
  };

  private async read(record: DeliveredRecord): Promise<Slot> {
    const parsed = parseRecord(record);
    switch (parsed.kind) {
      case 'event':
        if (isDeviceEvent(parsed.event) && isAboutItsSubject(parsed.event)) {
          return { record, event: parsed.event, outcome: DONE };
        }
        break;
      case 'invalid':
        return { record, event: undefined, outcome: await this.reject(record, parsed.code, parsed.detail) };
      case 'unknown-type':
      case 'tombstone':
        break;
    }
    this.metrics.countEvents('ignored');
    return { record, event: undefined, outcome: DONE };
  }

  /** After a batch failed for a reason of its content: the event that is to blame is found and set aside. */
  private async oneByOne(slots: readonly Slot[], context: BatchContext): Promise<void> {
    for (const [position, slot] of slots.entries()) {
      if (context.signal.aborted) return this.postpone(slots.slice(position), new Error('closing'));
      try {
        if (slot.event !== undefined) await this.answerEvents.execute([slot.event]);
      } catch (error) {
        if (isRetriable(error)) return this.postpone(slots.slice(position), error);
        this.logger.error(
          { err: error, eventId: slot.event?.id, deviceId: slot.record.key },
          'event cannot be handled',
        );
        slot.outcome = await this.reject(
          slot.record,
          'handler-failed',
          error instanceof Error ? error.name : 'unknown',
        );
      }
      await context.heartbeat();
    }
  }

  private async reject(record: DeliveredRecord, code: string, detail: string): Promise<Outcome> {
    const question = questionOf(record);
    try {
      if (question !== undefined) await this.answerEvents.refuse(question);
    } catch (error) {
      return { kind: 'retry', code: codeOf(error) };
    }
    this.metrics.countEvents('rejected');
    return { kind: 'reject', code, detail };
  }

  private postpone(slots: readonly Slot[], error: unknown): void {
    this.metrics.countEvents('postponed', slots.length);
    for (const slot of slots) slot.outcome = { kind: 'retry', code: codeOf(error) };
  }
}

/** Every event but a refusal is about the phone that is its subject; one that is not would go to another phone's row. */
function isAboutItsSubject(event: AnyEvent): boolean {
  return 'deviceId' in event.data && event.data.deviceId === event.subject;
}

/** Who waits for an answer to a record, as far as it can be told without its data being valid. */
function questionOf(record: DeliveredRecord): Question | undefined {
  const eventId = record.header('ce_id');
  const replyTo = record.header(REPLY_TO_HEADER);
  const deviceId = parseDeviceId(record.key);
  if (!eventId || !replyTo || deviceId === undefined) return undefined;
  return { eventId, deviceId, replyTo, contactId: contactIdOf(record) };
}

function contactIdOf({ value }: DeliveredRecord): string {
  try {
    const data: unknown = JSON.parse(new TextDecoder().decode(value ?? new Uint8Array()));
    const contactId: unknown = typeof data === 'object' && data !== null && 'contactId' in data ? data.contactId : '';
    return typeof contactId === 'string' && CONTACT_ID.test(contactId) ? contactId : UNREADABLE_CONTACT;
  } catch {
    // Not JSON: the one thing JSON.parse throws for.
    return UNREADABLE_CONTACT;
  }
}

function isRetriable(error: unknown): boolean {
  return error instanceof AppError && error.retriable;
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? String(error.code) : 'handler-failed';
}
