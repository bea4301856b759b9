import { parseFirmwareRange, type FirmwareRange } from './firmware-range.js';
import type { PhoneFamily } from './phone-family.js';

/** What differs between firmware versions. Each is true where it applies to a phone. */
export interface Quirks {
  /** `&lt;`, `&gt;` and `&amp;` are not decoded: such characters must be left out of values. */
  readonly legacyEntities: boolean;
  /** Responses with `Transfer-Encoding: chunked` are not understood. */
  readonly noChunkedResponses: boolean;
  /** After `CleanUp` with `send-solicited` the phone comes back by itself once it is idle. */
  readonly sendSolicited: boolean;
  /** `local-changes` carries the changed items. */
  readonly attachedChanges: boolean;
  /** Gigabit hardware is told in `gigabit-ethernet-enabled`; without it `gigabit-ethernet` comes as unreadable. */
  readonly gigabitEthernetEnabled: boolean;
  /** `file-priority` is written `0` or `1` instead of `normal` or `immediate`. */
  readonly numericFilePriority: boolean;
  /** The fault flags (`fault-report-*`, `fault-time-*`, `slog-archive-me`) are part of the basic items. */
  readonly faultFlags: boolean;
  /** The cookie comes back with its attributes (`; path=/`). */
  readonly cookieAttributesEchoed: boolean;
  /** Every message comes over a connection of its own. */
  readonly connectionPerMessage: boolean;
}

/** How sure a row is: printed in the manual, seen in the field, or concluded. */
export type Confidence = 'manual' | 'field' | 'inferred';

/** One row: the quirk applies to these versions of these families. */
export interface QuirkRow {
  readonly quirk: keyof Quirks;
  readonly families: readonly PhoneFamily[];
  readonly versions: FirmwareRange;
  /** Whether it is assumed of a phone of these families whose version is missing or unreadable. */
  readonly withoutVersion: boolean;
  readonly confidence: Confidence;
  /** PROTOCOL section and its source. */
  readonly source: string;
  readonly note: string;
}

// A phone of an unknown family is taken for the line that the manual describes.
const MANUAL_LINE: readonly PhoneFamily[] = ['openstage', 'unknown'];
const CP: readonly PhoneFamily[] = ['cp'];

/** Every known difference with the place it is known from. A quirk applies where any row of it matches. */
export const QUIRK_TABLE: readonly QuirkRow[] = [
  {
    quirk: 'legacyEntities',
    families: ['openstage'],
    versions: range('< V2 R1'),
    withoutVersion: false,
    confidence: 'field',
    source: '6.5, 10.1 (GS, firmware 2007-2010)',
    note: 'from V2 R1 escaped values are sent and obeyed (GS5); leaving characters out of a value is never the default',
  },
  {
    quirk: 'noChunkedResponses',
    families: MANUAL_LINE,
    versions: range('<= V2 R2'),
    withoutVersion: true,
    confidence: 'manual',
    source: '1.2.2, 10.2 (M p.12)',
    note: 'repaired in V3',
  },
  {
    quirk: 'sendSolicited',
    families: MANUAL_LINE,
    versions: range('>= V3 R3'),
    withoutVersion: false,
    confidence: 'manual',
    source: '3.5, 4.6 (M p.31, 46, 72, 76)',
    note: 'a phone that tells no version is taken for an old one: try it again with ContactMe',
  },
  {
    quirk: 'sendSolicited',
    families: CP,
    versions: range('*'),
    withoutVersion: true,
    confidence: 'inferred',
    source: '4.6 (M p.46 counts versions of the older line)',
    note: 'all CP firmware is younger than V3 R3 of the older line',
  },
  {
    quirk: 'attachedChanges',
    families: MANUAL_LINE,
    versions: range('>= V2 R2'),
    withoutVersion: false,
    confidence: 'manual',
    source: '3.1, 4.2, 4.3 (M p.37, 38, 40)',
    note: 'what a message says in configuration-attached-flag goes before this row',
  },
  {
    quirk: 'attachedChanges',
    families: CP,
    versions: range('*'),
    withoutVersion: true,
    confidence: 'inferred',
    source: '4.3 (M p.37 counts versions of the older line)',
    note: 'what a message says in configuration-attached-flag goes before this row',
  },
  {
    quirk: 'gigabitEthernetEnabled',
    families: MANUAL_LINE,
    versions: range('>= V2 R2'),
    withoutVersion: false,
    confidence: 'manual',
    source: '3.3 (M p.38, 40, 43)',
    note: '',
  },
  {
    quirk: 'gigabitEthernetEnabled',
    families: CP,
    versions: range('*'),
    withoutVersion: true,
    confidence: 'inferred',
    source: '3.3 (M p.40 counts versions of the older line)',
    note: '',
  },
  {
    quirk: 'numericFilePriority',
    families: ['openstage'],
    versions: range('V1'),
    withoutVersion: false,
    confidence: 'field',
    source: '3.4, 10.13 (GS on V1 firmware; dlsir on V3 writes words)',
    note: 'for V2 the sources are silent; the manual prints words only',
  },
  {
    quirk: 'faultFlags',
    families: MANUAL_LINE,
    versions: range('>= V3 R1'),
    withoutVersion: false,
    confidence: 'field',
    source: '3.3 (sim13)',
    note: '',
  },
  {
    quirk: 'cookieAttributesEchoed',
    families: CP,
    versions: range('*'),
    withoutVersion: true,
    confidence: 'field',
    source: '1.3, 10.4 (PG, trace of a CP210)',
    note: 'seen on one model; cookies are read leniently from every phone',
  },
  {
    quirk: 'connectionPerMessage',
    families: CP,
    versions: range('*'),
    withoutVersion: true,
    confidence: 'field',
    source: '1.2.3 (PG, trace of a CP210)',
    note: 'seen on one model',
  },
];

// The texts above are constants: a wrong one must fail when the module is loaded, not when a phone calls.
function range(text: string): FirmwareRange {
  const result = parseFirmwareRange(text);
  if (!result.ok) throw new Error(`quirk table: ${result.error.message}`);
  return result.range;
}
