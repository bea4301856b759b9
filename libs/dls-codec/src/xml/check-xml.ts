import type { DecodeErrorCode } from '../protocol-error.js';
import type { CodecLimits } from './limits.js';
import { endOfName } from './xml-names.js';

/** Why a text is not XML that is read here. `position` counts characters of the text. */
export interface XmlProblem {
  readonly code: DecodeErrorCode;
  readonly position: number;
  readonly message: string;
}

type StructuralLimits = Omit<CodecLimits, 'maxBytes' | 'maxItems'>;

/**
 * Second stage, first half: whether a text is well-formed XML within the limits and free of what is refused (document
 * type, custom entities, processing instructions). The parser behind it accepts unclosed elements, expands entities and
 * guesses on, so it is only ever given what has passed here. One pass; every character is looked at a fixed number of
 * times.
 */
export function findXmlProblem(text: string, limits: StructuralLimits): XmlProblem | undefined {
  return new XmlChecker(text, limits).run();
}

const ILLEGAL_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const DECLARATION =
  /<\?xml\s+version\s*=\s*(?:"1\.\d"|'1\.\d')(?:\s+encoding\s*=\s*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/y;
const REFERENCE = /&(?:lt|gt|amp|apos|quot|#(\d{1,10})|#x([0-9a-fA-F]{1,8}));/y;
const OPENINGS = ['<!--', '<![CDATA[', '<!DOCTYPE'];

class XmlChecker {
  private position = 0;
  private readonly open: string[] = [];
  private elements = 0;
  private isRootClosed = false;
  /** Characters of text since the last tag; comments and CDATA sections do not start a new count. */
  private textLength = 0;
  private problem: XmlProblem | undefined;
  // The next '<', '&' and ']]>' at or after some position already passed, so that no stretch is searched twice.
  private nextMarkup = -1;
  private nextReference = -1;
  private nextSectionEnd = -1;

  constructor(
    private readonly text: string,
    private readonly limits: StructuralLimits,
  ) {}

  run(): XmlProblem | undefined {
    if (!this.start()) return this.problem;
    const { text } = this;
    for (;;) {
      const markup = this.markupFrom(this.position);
      if (markup === text.length) break;
      if (!this.textUntil(markup) || !this.markupAt(markup)) return this.problem;
    }
    if (this.elements === 0 || this.open.length > 0) this.fail('truncated', text.length, 'the document ends too early');
    else this.textUntil(text.length);
    return this.problem;
  }

  private fail(code: DecodeErrorCode, position: number, message: string): false {
    this.problem = { code, position, message };
    return false;
  }

  private start(): boolean {
    const { text } = this;
    const first = skipSpace(text, 0);
    if (first === text.length) return this.fail('empty', 0, 'there is no document');
    if (text.charCodeAt(first) !== 0x3c) return this.fail('not-xml', first, 'the document does not start with markup');
    const illegal = ILLEGAL_CHARACTER.exec(text);
    if (illegal !== null) return this.fail('malformed-xml', illegal.index, 'a character is not allowed in XML');
    if (!/^<\?xml\s/.test(text)) return true;
    DECLARATION.lastIndex = 0;
    if (DECLARATION.test(text)) {
      this.position = DECLARATION.lastIndex;
      return true;
    }
    if (!text.includes('?>')) return this.fail('truncated', text.length, 'the document ends too early');
    return this.fail('malformed-xml', 0, 'the XML declaration is malformed');
  }

  private markupFrom(position: number): number {
    if (this.nextMarkup < position) this.nextMarkup = indexOrEnd(this.text, '<', position);
    return this.nextMarkup;
  }

  private textUntil(end: number): boolean {
    const { text, position } = this;
    if (end === position) return true;
    if (this.open.length === 0) {
      const stray = skipSpace(text, position);
      return stray >= end || this.fail('malformed-xml', stray, 'there is text outside the root element');
    }
    if (!this.countText(position, end)) return false;
    if (this.nextSectionEnd < position) this.nextSectionEnd = indexOrEnd(text, ']]>', position);
    if (this.nextSectionEnd < end)
      return this.fail('malformed-xml', this.nextSectionEnd, 'a section end is out of place');
    return this.references(position, end);
  }

  private countText(start: number, end: number): boolean {
    this.textLength += end - start;
    const excess = this.textLength - this.limits.maxValueLength;
    return excess <= 0 || this.fail('value-too-long', end - excess, 'a text is too long');
  }

  private references(start: number, end: number): boolean {
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
    if (match === null) {
      const nameEnd = endOfName(this.text, position + 1);
      if (nameEnd > position + 1 && this.text.charCodeAt(nameEnd) === 0x3b)
        return this.fail('entity-forbidden', position, 'only the predefined entities are accepted');
      return this.fail('malformed-xml', position, 'an ampersand starts no reference');
    }
    const code = match[1] !== undefined ? parseInt(match[1], 10) : match[2] !== undefined ? parseInt(match[2], 16) : 32;
    return isLegalCodePoint(code) || this.fail('malformed-xml', position, 'a reference names no XML character');
  }

  private markupAt(position: number): boolean {
    const code = this.text.charCodeAt(position + 1);
    if (code === 0x2f) return this.endTag(position);
    if (code === 0x21) return this.declarationAt(position);
    if (code === 0x3f) return this.instructionAt(position);
    return this.startTag(position);
  }

  private instructionAt(position: number): boolean {
    if (/^<\?xml\s/.test(this.text.slice(position, position + 6)))
      return this.fail('malformed-xml', position, 'the XML declaration is not at the start');
    return this.fail('processing-instruction-forbidden', position, 'processing instructions are not accepted');
  }

  private declarationAt(position: number): boolean {
    const { text } = this;
    if (text.startsWith('<!--', position)) return this.comment(position);
    if (text.startsWith('<![CDATA[', position)) return this.section(position);
    const start = text.slice(position, position + 9);
    if (start.toUpperCase() === '<!DOCTYPE')
      return this.fail('doctype-forbidden', position, 'a document type is not accepted');
    if (start.startsWith('<!ENTITY')) return this.fail('entity-forbidden', position, 'entities cannot be declared');
    if (start.length < 9 && OPENINGS.some((opening) => opening.startsWith(start)))
      return this.fail('truncated', text.length, 'the document ends too early');
    return this.fail('malformed-xml', position, 'the markup is of no known kind');
  }

  private comment(position: number): boolean {
    const dashes = this.text.indexOf('--', position + 4);
    if (dashes < 0 || dashes + 2 === this.text.length)
      return this.fail('truncated', this.text.length, 'the document ends too early');
    if (this.text.charCodeAt(dashes + 2) !== 0x3e)
      return this.fail('malformed-xml', dashes, 'two hyphens stand inside a comment');
    this.position = dashes + 3;
    return true;
  }

  private section(position: number): boolean {
    if (this.open.length === 0) return this.fail('malformed-xml', position, 'there is text outside the root element');
    const end = this.text.indexOf(']]>', position + 9);
    if (end < 0) return this.fail('truncated', this.text.length, 'the document ends too early');
    if (!this.countText(position + 9, end)) return false;
    this.position = end + 3;
    return true;
  }

  private endTag(position: number): boolean {
    const { text, open } = this;
    const name = open.pop();
    if (name === undefined) return this.fail('malformed-xml', position, 'an end tag closes nothing');
    const nameEnd = position + 2 + name.length;
    const end = skipSpace(text, nameEnd);
    if (!text.startsWith(name, position + 2) || text.charCodeAt(end) !== 0x3e)
      return this.wrongEndTag(position, name, end);
    this.afterTag(end + 1);
    return true;
  }

  private wrongEndTag(position: number, name: string, end: number): boolean {
    const rest = this.text.slice(position + 2);
    if (end >= this.text.length && name.startsWith(rest.trimEnd()))
      return this.fail('truncated', this.text.length, 'the document ends too early');
    return this.fail('malformed-xml', position, 'an end tag does not match its start tag');
  }

  private afterTag(position: number): void {
    this.position = position;
    this.textLength = 0;
    if (this.open.length === 0) this.isRootClosed = true;
  }

  private startTag(position: number): boolean {
    const { text, limits } = this;
    const nameEnd = this.nameFrom(position + 1);
    if (nameEnd < 0) return false;
    if (this.isRootClosed) return this.fail('malformed-xml', position, 'there is a second root element');
    if (++this.elements > limits.maxElements)
      return this.fail('too-many-elements', position, 'there are too many elements');
    if (this.open.length >= limits.maxDepth) return this.fail('too-deep', position, 'elements are nested too deep');
    const end = this.attributes(nameEnd);
    if (end < 0) return false;
    if (text.charCodeAt(end) === 0x2f) {
      this.afterTag(end + 2);
    } else {
      this.open.push(text.slice(position + 1, nameEnd));
      this.afterTag(end + 1);
    }
    return true;
  }

  /** Where the name at `start` ends; -1 when there is none or it is too long. */
  private nameFrom(start: number): number {
    const end = endOfName(this.text, start);
    if (end === start) {
      if (start >= this.text.length) this.fail('truncated', this.text.length, 'the document ends too early');
      else this.fail('malformed-xml', start, 'a name is missing or malformed');
      return -1;
    }
    if (end - start <= this.limits.maxNameLength) return end;
    this.fail('name-too-long', start, 'a name is too long');
    return -1;
  }

  /** Reads attributes up to the tag's end; answers the position of its '>' or '/>', -1 on a fault. */
  private attributes(nameEnd: number): number {
    const { text } = this;
    const names: string[] = [];
    let position = nameEnd;
    for (;;) {
      const start = skipSpace(text, position);
      const code = text.charCodeAt(start);
      if (code === 0x3e || (code === 0x2f && text.charCodeAt(start + 1) === 0x3e)) return start;
      if (start + (code === 0x2f ? 1 : 0) >= text.length) {
        this.fail('truncated', text.length, 'the document ends too early');
        return -1;
      }
      if (start === position) {
        this.fail('malformed-xml', start, 'a start tag is malformed');
        return -1;
      }
      position = this.attribute(start, names);
      if (position < 0) return -1;
    }
  }

  /** Reads one attribute; answers the position behind its closing quote, -1 on a fault. */
  private attribute(start: number, names: string[]): number {
    const { text } = this;
    const nameEnd = this.nameFrom(start);
    if (nameEnd < 0) return -1;
    const name = text.slice(start, nameEnd);
    if (names.includes(name)) return this.failAttribute('malformed-xml', start, 'an attribute stands twice');
    names.push(name);
    if (names.length > this.limits.maxAttributes)
      return this.failAttribute('too-many-attributes', start, 'an element has too many attributes');
    const equals = skipSpace(text, nameEnd);
    const quote = skipSpace(text, equals + 1);
    const mark = text.charAt(quote);
    if (text.charCodeAt(equals) !== 0x3d || (mark !== '"' && mark !== "'"))
      return quote >= text.length
        ? this.failAttribute('truncated', text.length, 'the document ends too early')
        : this.failAttribute('malformed-xml', start, 'an attribute has no quoted value');
    return this.attributeValue(quote + 1, mark);
  }

  private attributeValue(start: number, mark: string): number {
    const { text } = this;
    const end = text.indexOf(mark, start);
    const markup = this.markupFrom(start);
    if (end < 0 || end > markup)
      return markup < text.length
        ? this.failAttribute('malformed-xml', markup, 'markup stands inside an attribute value')
        : this.failAttribute('truncated', text.length, 'the document ends too early');
    if (end - start > this.limits.maxValueLength)
      return this.failAttribute('value-too-long', start + this.limits.maxValueLength, 'an attribute value is too long');
    return this.references(start, end) ? end + 1 : -1;
  }

  private failAttribute(code: DecodeErrorCode, position: number, message: string): -1 {
    this.fail(code, position, message);
    return -1;
  }
}

function skipSpace(text: string, position: number): number {
  for (;;) {
    const code = text.charCodeAt(position);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return position;
    position++;
  }
}

function indexOrEnd(text: string, search: string, from: number): number {
  const index = text.indexOf(search, from);
  return index < 0 ? text.length : index;
}

function isLegalCodePoint(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}
