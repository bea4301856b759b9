import { compareParts, partsOf, partsOfDotted, type FirmwareVersion, type VersionParts } from './firmware-version.js';

type Operator = '>=' | '<=' | '>' | '<' | '=';

/** One condition. `parts` may be fewer than a version has: `<= V2 R2` includes every `V2 R2.x.y`. */
interface Condition {
  readonly operator: Operator;
  readonly parts: VersionParts;
}

/** Versions that meet every condition. Made by `parseFirmwareRange`. */
export interface FirmwareRange {
  readonly text: string;
  readonly conditions: readonly Condition[];
}

export interface FirmwareRangeError {
  /** Where in the text, counted from 0. */
  readonly position: number;
  /** What is wrong there, for a person. */
  readonly message: string;
}

export type FirmwareRangeResult =
  { readonly ok: true; readonly range: FirmwareRange } | { readonly ok: false; readonly error: FirmwareRangeError };

/**
 * Reads a range of versions: conditions separated by commas, all of which must hold.
 *
 * ```
 * range     = condition *( "," condition )
 * condition = "*" | [ ">=" | "<=" | ">" | "<" | "=" ] version | version ".." version | version ".*"
 * version   = "V" n [ "." n ] [ "R" n [ "." n [ "." n ] ] ]  |  n *( "." n )
 * ```
 * A version that is not written out stands for all that begin with it: `V3 R5` and `V3 R5.*` are the same, `<= V2 R2` includes
 * `V2 R2.30.0`, `> V2 R2` does not. Both ends of `V2..V3 R1` belong to it.
 */
export function parseFirmwareRange(text: string): FirmwareRangeResult {
  const reader = new RangeReader(text);
  const conditions: Condition[] = [];
  do {
    const result = readCondition(reader);
    if ('message' in result) return { ok: false, error: result };
    conditions.push(...result);
  } while (reader.take(/,/y) !== undefined);
  if (!reader.isAtEnd()) return { ok: false, error: reader.problem("',' or the end was expected") };
  return { ok: true, range: { text: text.trim(), conditions } };
}

/** Whether a version lies in a range. */
export function isInFirmwareRange(version: FirmwareVersion, range: FirmwareRange): boolean {
  const parts = partsOf(version);
  return range.conditions.every(({ operator, parts: bound }) => holds(operator, compareParts(parts, bound)));
}

function holds(operator: Operator, order: -1 | 0 | 1): boolean {
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '=':
      return order === 0;
  }
}

/** Takes pieces off a text and remembers where it is. */
class RangeReader {
  #position = 0;

  constructor(private readonly text: string) {}

  /** Skips white space, then takes what the sticky pattern matches there. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    this.skipSpace();
    const sticky = new RegExp(pattern.source, 'iy');
    sticky.lastIndex = this.#position;
    const match = sticky.exec(this.text);
    if (match === null) return undefined;
    this.#position += match[0].length;
    return match;
  }

  isAtEnd(): boolean {
    this.skipSpace();
    return this.#position === this.text.length;
  }

  get position(): number {
    this.skipSpace();
    return this.#position;
  }

  problem(message: string, position = this.position): FirmwareRangeError {
    const found = position >= this.text.length ? 'the end' : `'${this.text.slice(position, position + 12)}'`;
    return { position, message: `${message}, found ${found} (position ${position + 1})` };
  }

  private skipSpace(): void {
    while (/\s/.test(this.text[this.#position] ?? '')) this.#position += 1;
  }
}

interface PartialVersion {
  readonly parts: VersionParts;
  readonly isWildcard: boolean;
}

function readCondition(reader: RangeReader): readonly Condition[] | FirmwareRangeError {
  if (reader.take(/\*/) !== undefined) return [];
  const operator = reader.take(/>=|<=|>|<|=/)?.[0] as Operator | undefined; // the pattern lists the operators
  const position = reader.position;
  const version = readVersion(reader);
  if (version === undefined) return reader.problem("a version such as 'V3 R5.12.0' was expected");
  const isSpan = reader.take(/\.\./) !== undefined;
  if (version.isWildcard && (isSpan || (operator !== undefined && operator !== '='))) {
    return reader.problem("'*' stands for every version that begins so and has no place here", position);
  }
  if (!isSpan) return [{ operator: operator ?? '=', parts: version.parts }];
  if (operator !== undefined) return reader.problem("either an operator or '..' was expected, not both", position);
  return readSpanEnd(reader, version.parts);
}

function readSpanEnd(reader: RangeReader, from: VersionParts): readonly Condition[] | FirmwareRangeError {
  const position = reader.position;
  const to = readVersion(reader);
  if (to === undefined) return reader.problem("a version was expected after '..'");
  if (to.isWildcard) return reader.problem("'*' has no place after '..'", position);
  if (compareParts(from.slice(0, to.parts.length), to.parts) > 0) {
    return reader.problem("the version after '..' must not be lower than the one before it", position);
  }
  return [
    { operator: '>=', parts: from },
    { operator: '<=', parts: to.parts },
  ];
}

const RELEASE = /V\s*(\d{1,6})(?:\.(\d{1,6}))?(\.\*)?/;
const REVISION = /R\s*(?:(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?(\.\*)?|(\*))/;
const DOTTED = /(\d{1,6}(?:\.\d{1,6}){0,4})(\.\*)?/;

function readVersion(reader: RangeReader): PartialVersion | undefined {
  const release = reader.take(RELEASE);
  if (release === undefined) return readDotted(reader);
  const [, major, sub, releaseWildcard] = release;
  const head = sub === undefined ? [Number(major)] : [Number(major), Number(sub)];
  if (releaseWildcard !== undefined) return { parts: head, isWildcard: true };
  const revision = reader.take(REVISION);
  if (revision === undefined) return { parts: head, isWildcard: false };
  const [, minor, fix, hotfix, wildcard, onlyWildcard] = revision;
  const tail = [minor, fix, hotfix].filter((part) => part !== undefined).map(Number);
  return {
    parts: [Number(major), Number(sub ?? 0), ...tail],
    isWildcard: wildcard !== undefined || onlyWildcard !== undefined,
  };
}

function readDotted(reader: RangeReader): PartialVersion | undefined {
  const match = reader.take(DOTTED);
  if (match === undefined) return undefined;
  const [, numbers = '', wildcard] = match;
  return { parts: partsOfDotted(numbers.split('.').map(Number)), isWildcard: wildcard !== undefined };
}
