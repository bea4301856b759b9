import type { DecodeErrorCode } from '../protocol-error.js';
import type { CodecLimits } from './limits.js';
import { endOfName } from './xml-names.js';

/** Why a text is not XML that is read here. `position` counts characters of the text. */
export interface XmlProblem {
  readonly code: DecodeErrorCode;
  readonly position: number;
  readonly message: string;
}

export type StructuralLimits = Omit<CodecLimits, 'maxBytes' | 'maxItems'>;

const REFERENCE = /&(?:lt|gt|amp|apos|quot|#(\d{1,10})|#x([0-9a-fA-F]{1,8}));/y;

/**
 * A text under check: the first fault found in it, and where the next piece of markup, reference and section end are.
 * Those places are remembered because positions only move forward: no stretch of the text is searched twice.
 */
export class XmlCursor {
  problem: XmlProblem | undefined;
  private nextMarkup = -1;
  private nextReference = -1;
  private nextSectionEnd = -1;

  constructor(
    readonly text: string,
    readonly limits: StructuralLimits,
  ) {}

  /** Notes the fault; the caller stops. */
  fail(code: DecodeErrorCode, position: number, message: string): false {
    this.problem = { code, position, message };
    return false;
  }

  /** Notes that the text ends inside something. */
  truncated(): false {
    return this.fail('truncated', this.text.length, 'the document ends too early');
  }

  /** Where the next '<' is; the end of the text when there is none. */
  markupFrom(position: number): number {
    if (this.nextMarkup < position) this.nextMarkup = indexOrEnd(this.text, '<', position);
    return this.nextMarkup;
  }

  /** Whether a stretch of text is free of ']]>'. */
  noSectionEnd(start: number, end: number): boolean {
    if (this.nextSectionEnd < start) this.nextSectionEnd = indexOrEnd(this.text, ']]>', start);
    return (
      this.nextSectionEnd >= end || this.fail('malformed-xml', this.nextSectionEnd, 'a section end is out of place')
    );
  }

  /** Whether every '&' of a stretch starts a reference that is accepted. */
  references(start: number, end: number): boolean {
    if (this.nextReference < start) this.nextReference = indexOrEnd(this.text, '&', start);
    while (this.nextReference < end) {
      if (!this.referenceAt(this.nextReference)) return false;
      this.nextReference = indexOrEnd(this.text, '&', this.nextReference + 1);
    }
    return true;
  }

  private referenceAt(position: number): boolean {
    REFERENCE.lastIndex = position;
    const match = REFERENCE.exec(this.text);
    if (match !== null)
      return isLegalReference(match) || this.fail('malformed-xml', position, 'a reference names no XML character');
    const nameEnd = endOfName(this.text, position + 1);
    if (nameEnd > position + 1 && this.text.charCodeAt(nameEnd) === 0x3b)
      return this.fail('entity-forbidden', position, 'only the predefined entities are accepted');
    return this.fail('malformed-xml', position, 'an ampersand starts no reference');
  }

  /** Where the name at `start` ends; -1 when there is none or it is too long. */
  nameFrom(start: number): number {
    const end = endOfName(this.text, start);
    if (end === start) {
      if (start >= this.text.length) this.truncated();
      else this.fail('malformed-xml', start, 'a name is missing or malformed');
      return -1;
    }
    if (end - start <= this.limits.maxNameLength) return end;
    this.fail('name-too-long', start, 'a name is too long');
    return -1;
  }
}

/** The first position at or after `position` that holds no white space. */
export function skipSpace(text: string, position: number): number {
  let next = position;
  for (;;) {
    const code = text.charCodeAt(next);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return next;
    next++;
  }
}

function indexOrEnd(text: string, search: string, from: number): number {
  const index = text.indexOf(search, from);
  return index < 0 ? text.length : index;
}

function isLegalReference(match: RegExpExecArray): boolean {
  if (match[1] !== undefined) return isLegalCodePoint(parseInt(match[1], 10));
  return match[2] === undefined || isLegalCodePoint(parseInt(match[2], 16));
}

function isLegalCodePoint(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}
