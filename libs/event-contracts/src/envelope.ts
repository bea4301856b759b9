import { EVENTS, type EventType, type EventDataByType } from './events.js';
import type { TopicName } from './topics.js';

/** One event with its CloudEvents 1.0 attributes. Record key and `subject` are the device id. */
export interface OpenDlsEvent<Type extends EventType = EventType> {
  readonly id: string;
  readonly type: Type;
  /** `/opendls/<service>/<instance>`. */
  readonly source: string;
  /** The device id. */
  readonly subject: string;
  readonly time: Date;
  readonly data: EventDataByType[Type];
  /** Instance that waits for the answer (header `replyto`), on requests for work and on their answers. */
  readonly replyTo?: string;
  readonly traceParent?: string;
}

/** An event of any known type, told apart by `type`. */
export type AnyEvent = { [Type in EventType]: OpenDlsEvent<Type> }[EventType];

/** A record as `@opendls/event-bus` publishes it. */
export interface EventRecord {
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string | null;
}

/** What `parseRecord` needs of a delivered record. */
export interface IncomingRecord {
  readonly key: string;
  header(name: string): string | undefined;
  readonly value: Uint8Array | null;
}

export type ParsedRecord =
  | { readonly kind: 'event'; readonly event: AnyEvent }
  /** A type this version does not know: consumers ignore it. */
  | { readonly kind: 'unknown-type'; readonly type: string }
  | { readonly kind: 'tombstone'; readonly key: string }
  | { readonly kind: 'invalid'; readonly code: InvalidRecordCode; readonly detail: string };

export type InvalidRecordCode = 'not-a-cloud-event' | 'malformed-json' | 'schema-violation' | 'subject-mismatch';

export const REPLY_TO_HEADER = 'replyto';

/** The topic's name in an installation with a prefix (`''` for none). */
export function prefixedTopic(prefix: string, name: TopicName): string {
  return `${prefix}${name}`;
}

/**
 * The record of an event: CloudEvents 1.0, Kafka protocol binding, binary content mode: attributes are `ce_*` headers, the
 * value is the data as plain JSON.
 */
export function toRecord<Type extends EventType>(event: OpenDlsEvent<Type>, prefix = ''): EventRecord {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_source: event.source,
    ce_type: event.type,
    ce_subject: event.subject,
    ce_time: event.time.toISOString(),
    'content-type': 'application/json',
  };
  if (event.replyTo !== undefined) headers[REPLY_TO_HEADER] = event.replyTo;
  if (event.traceParent !== undefined) headers['traceparent'] = event.traceParent;
  return {
    topic: prefixedTopic(prefix, EVENTS[event.type].topic),
    key: event.subject,
    headers,
    value: JSON.stringify(event.data),
  };
}

/** Reads a record back. Never throws; unknown fields of the data are dropped, unknown types are reported as such. */
export function parseRecord(record: IncomingRecord): ParsedRecord {
  if (record.value === null) return { kind: 'tombstone', key: record.key };
  const type = record.header('ce_type');
  const id = record.header('ce_id');
  const source = record.header('ce_source');
  const time = new Date(record.header('ce_time') ?? '');
  if (type === undefined || !id || !source || Number.isNaN(time.getTime())) {
    return invalid('not-a-cloud-event', 'ce_type, ce_id, ce_source and ce_time are required');
  }
  if (!isEventType(type)) return { kind: 'unknown-type', type };
  const subject = record.header('ce_subject') ?? record.key;
  if (subject !== record.key) return invalid('subject-mismatch', 'ce_subject differs from the record key');
  const json = parseJson(record.value);
  if (json === undefined) return invalid('malformed-json', 'the value is not JSON');
  const data = EVENTS[type].data.safeParse(json);
  if (!data.success) return invalid('schema-violation', describeIssues(data.error.issues));
  const replyTo = record.header(REPLY_TO_HEADER);
  const traceParent = record.header('traceparent');
  // The schema of `type` produced the data, which the compiler cannot follow through the index access.
  return {
    kind: 'event',
    event: { id, type, source, subject, time, data: data.data, replyTo, traceParent } as AnyEvent,
  };
}

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENTS, type);
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value)) as unknown;
  } catch {
    return undefined;
  }
}

/** Paths and rules only: the values may be secret. */
function describeIssues(issues: readonly { readonly path: readonly PropertyKey[]; readonly code?: string }[]): string {
  return issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.') || '(root)'}: ${issue.code ?? 'invalid'}`)
    .join('; ');
}

function invalid(code: InvalidRecordCode, detail: string): ParsedRecord {
  return { kind: 'invalid', code, detail };
}
