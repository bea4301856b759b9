import type { RawHeader } from '../publish/raw-record.js';

/** How long dead letters are kept for somebody to look at. */
export const DEAD_LETTER_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** Why a record went to the dead-letter topic. */
export interface DeathCause {
  readonly code: string;
  readonly detail?: string | undefined;
  readonly attempts: number;
}

const INFIX = '.dlq.';

export function deadLetterTopic(topic: string, group: string): string {
  return `${topic}${INFIX}${group}`;
}

/** The dead-letter topics of a group; dead letters themselves stay where they are when they cannot be handled. */
export function deadLetterTopics(topics: readonly string[], group: string): string[] {
  return topics.filter((topic) => !isDeadLetterTopic(topic)).map((topic) => deadLetterTopic(topic, group));
}

export function isDeadLetterTopic(topic: string): boolean {
  return topic.includes(INFIX);
}

/** The topic a dead letter came from. */
export function sourceTopic(deadLetterTopic: string): string {
  return deadLetterTopic.slice(0, deadLetterTopic.indexOf(INFIX));
}

/** Header names a dead letter has besides those of its original; a replay takes them off again. */
export const DEAD_LETTER_HEADERS = [
  'dlq-error-code',
  'dlq-error-detail',
  'dlq-attempts',
  'dlq-source-partition',
  'dlq-source-offset',
  'dlq-failed-at',
] as const;

/** The headers of a dead letter: the original ones, and what happened. */
export function deadLetterHeaders(
  original: Readonly<Record<string, RawHeader>>,
  source: { readonly partition: number; readonly offset: string },
  cause: DeathCause,
): Record<string, RawHeader> {
  return {
    ...original,
    'dlq-error-code': cause.code,
    ...(cause.detail !== undefined && { 'dlq-error-detail': cause.detail.slice(0, 500) }),
    'dlq-attempts': String(cause.attempts),
    'dlq-source-partition': String(source.partition),
    'dlq-source-offset': source.offset,
    'dlq-failed-at': new Date().toISOString(),
  };
}

/** The headers a dead letter had before it was one. */
export function withoutDeadLetterHeaders(headers: Readonly<Record<string, RawHeader>>): Record<string, RawHeader> {
  const added = new Set<string>(DEAD_LETTER_HEADERS);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !added.has(name)));
}
