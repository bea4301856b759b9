import { randomUUID } from 'node:crypto';
import { isDeadLetterTopic } from '../consume/dead-letter.js';
import { DONE, type DeliveredRecord, type Outcome } from '../event-bus.js';
import { REPLAY_GROUP, type DeadLetterLog, type DeadLetterTopic } from './dead-letter-log.js';

/** What a replay is about to do, or did, with one dead letter. */
export interface ReplayedRecord {
  readonly key: string;
  readonly eventType: string;
  readonly errorCode: string;
  readonly failedAt: string;
}

export function describeDeadLetter(record: DeliveredRecord): ReplayedRecord {
  return {
    key: record.key,
    eventType: record.header('ce_type') ?? '',
    errorCode: record.header('dlq-error-code') ?? '',
    failedAt: record.header('dlq-failed-at') ?? '',
  };
}

/**
 * Publishes the dead letters of a topic that were not replayed yet to the topic they came from, in their order. Every group
 * of that topic gets them again, also those that had no trouble with them: consumers are idempotent. Returns how many.
 */
export async function replayDeadLetters(
  log: DeadLetterLog,
  topic: string,
  onReplayed: (record: ReplayedRecord) => void,
): Promise<number> {
  const known = await findTopic(log, topic);
  if (known.waiting === 0) return 0;
  let replayed = 0;
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const subscription = await log.bus.subscribe({
    topics: [topic],
    group: REPLAY_GROUP,
    from: 'beginning',
    // What cannot be published now is not lost: it stays in the dead-letter topic, and the replay waits.
    maxRetries: Infinity,
    onBatch: async (records) => {
      const outcomes: Outcome[] = [];
      for (const record of records) {
        if (replayed === known.waiting) return settle(records, outcomes, { kind: 'retry', code: 'later-replay' });
        try {
          await log.publishRaw([log.original(record)]);
        } catch {
          return settle(records, outcomes, { kind: 'retry', code: 'publish-failed' });
        }
        replayed += 1;
        outcomes.push(DONE);
        onReplayed(describeDeadLetter(record));
      }
      if (replayed === known.waiting) finish();
      return outcomes;
    },
  });
  await Promise.race([finished, subscription.stopped]);
  await subscription.close();
  return replayed;
}

/** Tells of every dead letter of a topic, oldest first, also of those that were replayed. Changes nothing. */
export async function showDeadLetters(
  log: DeadLetterLog,
  topic: string,
  onDeadLetter: (record: ReplayedRecord, detail: string) => void,
): Promise<void> {
  const { total } = await findTopic(log, topic);
  if (total === 0) return;
  let shown = 0;
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const subscription = await log.bus.subscribe({
    topics: [topic],
    // Of its own, and forgotten afterwards: who looks moves nobody's position.
    group: `opendls.dlq-show.${randomUUID()}`,
    ephemeral: true,
    from: 'beginning',
    onBatch: async (records) => {
      for (const record of records) onDeadLetter(describeDeadLetter(record), record.header('dlq-error-detail') ?? '');
      shown += records.length;
      if (shown >= total) finish();
      return records.map(() => DONE);
    },
  });
  await Promise.race([finished, subscription.stopped]);
  await subscription.close();
}

async function findTopic(log: DeadLetterLog, topic: string): Promise<DeadLetterTopic> {
  const known = (await log.topics()).find((one) => one.topic === topic);
  if (!known || !isDeadLetterTopic(topic)) throw new Error(`there is no dead-letter topic ${topic}`);
  return known;
}

/** The outcomes so far; everything behind them is left for another time. */
function settle(records: readonly DeliveredRecord[], outcomes: readonly Outcome[], rest: Outcome): readonly Outcome[] {
  return records.map((_, index) => outcomes[index] ?? rest);
}
