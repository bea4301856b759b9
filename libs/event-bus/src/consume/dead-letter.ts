import type { RawHeader } from '../publish/raw-record.js';

/** How long dead letters are kept for somebody to look at. */
export const DEAD_LETTER_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** Why a record went to the dead-letter topic. */
export interface DeathCause {
  readonly code: string;
  readonly detail?: string | undefined;
  readonly attempts: number;
}

export function deadLetterTopic(topic: string, group: string): string {
  return `${topic}.dlq.${group}`;
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
