import type { DeliveredRecord, EventBus } from '../event-bus.js';
import type { RawRecord } from '../publish/raw-record.js';

/** The group under whose name dead letters are replayed: its position says how far that went. */
export const REPLAY_GROUP = 'opendls.dlq-replay';

/** A dead-letter topic, how many records it has, and how many of them were not replayed yet. */
export interface DeadLetterTopic {
  readonly topic: string;
  readonly total: number;
  readonly waiting: number;
}

/** The dead letters of one bus. */
export interface DeadLetterLog {
  readonly bus: EventBus;
  /** Every dead-letter topic, by name. */
  topics(): Promise<readonly DeadLetterTopic[]>;
  publishRaw(records: readonly RawRecord[]): Promise<void>;
  /** The record as it was when its consumer got it, for its topic. */
  original(record: DeliveredRecord): RawRecord;
  close(): Promise<void>;
}
