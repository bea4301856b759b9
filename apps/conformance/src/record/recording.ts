import type { Framing } from '../wire/read-response.js';

/** Header fields in the order in which they came. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** One message of the phone and the answer to it. */
export interface RecordedExchange {
  /** Since the first message of the contact. */
  readonly atMs: number;
  /** From the request to its answer. */
  readonly tookMs: number;
  readonly request: { readonly line: string; readonly headers: Headers; readonly xml: string };
  readonly response: {
    readonly status: number;
    readonly headers: Headers;
    readonly framing: Framing;
    readonly xml: string;
  };
}

/** One contact as it went over the wire, without what must not be shown. */
export interface Recording {
  readonly format: 'opendls-contact';
  readonly version: 1;
  readonly recordedAt: string;
  /** What is to be seen in it. */
  readonly note: string;
  readonly exchanges: readonly RecordedExchange[];
}

/** The file is no recording that this version can read; the message says why. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** The text of a recording's file. */
export function formatRecording(recording: Recording): string {
  return `${JSON.stringify(recording, undefined, 2)}\n`;
}

/** @throws RecordingError */
export function parseRecording(text: string): Recording {
  const value = parsed(text);
  if (!isRecord(value) || value['format'] !== 'opendls-contact') throw new RecordingError('it is no recorded contact');
  if (value['version'] !== 1) throw new RecordingError(`version ${String(value['version'])}; this program reads 1`);
  const { exchanges } = value;
  if (!Array.isArray(exchanges) || exchanges.length === 0) throw new RecordingError('it has no exchanges');
  exchanges.forEach((exchange: unknown, n) => {
    if (!isExchange(exchange)) throw new RecordingError(`exchange ${n + 1} lacks a part or has one of another type`);
  });
  // Format, version and every exchange have just been checked.
  return value as unknown as Recording;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RecordingError('it is no JSON');
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isExchange(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value['request']) || !isRecord(value['response'])) return false;
  const { request, response } = value;
  return (
    typeof value['atMs'] === 'number' &&
    typeof value['tookMs'] === 'number' &&
    typeof request['line'] === 'string' &&
    typeof response['status'] === 'number' &&
    typeof response['framing'] === 'string' &&
    [request, response].every((side) => typeof side['xml'] === 'string' && isHeaders(side['headers']))
  );
}

function isHeaders(value: unknown): boolean {
  const isText = (text: unknown): boolean => typeof text === 'string';
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText));
}
