import { checkAttributes } from './check-attributes.js';
import { skipSpace, XmlCursor, type StructuralLimits, type XmlProblem } from './xml-cursor.js';

/**
 * Second stage, first half: whether a text is well-formed XML within the limits and free of what is refused (document
 * type, custom entities, processing instructions). The parser behind it accepts unclosed elements, expands entities and
 * guesses on, so it is only ever given what has passed here. One pass; every character is looked at a fixed number of
 * times.
 */
export function findXmlProblem(text: string, limits: StructuralLimits): XmlProblem | undefined {
  return new XmlChecker(new XmlCursor(text, limits)).run();
}

const ILLEGAL_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const DECLARATION_START = /^<\?xml\s/;
const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:"1\.\d"|'1\.\d')(?:\s+encoding\s*=\s*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/;
const OPENINGS = ['<!--', '<![CDATA[', '<!DOCTYPE'];

class XmlChecker {
  private readonly text: string;
  private position = 0;
  private readonly open: string[] = [];
  private elements = 0;
  private isRootClosed = false;
  /** Characters of text since the last tag; comments and CDATA sections do not start a new count. */
  private textLength = 0;

  constructor(private readonly cursor: XmlCursor) {
    this.text = cursor.text;
  }

  run(): XmlProblem | undefined {
    const { cursor, text } = this;
    if (!this.start()) return cursor.problem;
    for (;;) {
      const markup = cursor.markupFrom(this.position);
      if (markup === text.length) break;
      if (!this.textUntil(markup) || !this.markupAt(markup)) return cursor.problem;
    }
    if (!this.isRootClosed) cursor.truncated();
    else this.textUntil(text.length);
    return cursor.problem;
  }

  private start(): boolean {
    const { cursor, text } = this;
    const first = skipSpace(text, 0);
    if (first === text.length) return cursor.fail('empty', 0, 'there is no document');
    if (text.charCodeAt(first) !== 0x3c)
      return cursor.fail('not-xml', first, 'the document does not start with markup');
    const illegal = ILLEGAL_CHARACTER.exec(text);
    if (illegal !== null) return cursor.fail('malformed-xml', illegal.index, 'a character is not allowed in XML');
    if (!DECLARATION_START.test(text)) return true;
    const declaration = DECLARATION.exec(text);
    if (declaration !== null) {
      this.position = declaration[0].length;
      return true;
    }
    if (!text.includes('?>')) return cursor.truncated();
    return cursor.fail('malformed-xml', 0, 'the XML declaration is malformed');
  }

  private textUntil(end: number): boolean {
    const { cursor, position } = this;
    if (end === position) return true;
    if (this.open.length > 0)
      return this.countText(position, end) && cursor.noSectionEnd(position, end) && cursor.references(position, end);
    const stray = skipSpace(this.text, position);
    return stray >= end || cursor.fail('malformed-xml', stray, 'there is text outside the root element');
  }

  private countText(start: number, end: number): boolean {
    this.textLength += end - start;
    const excess = this.textLength - this.cursor.limits.maxValueLength;
    return excess <= 0 || this.cursor.fail('value-too-long', end - excess, 'a text is too long');
  }

  private markupAt(position: number): boolean {
    const code = this.text.charCodeAt(position + 1);
    if (code === 0x2f) return this.endTag(position);
    if (code === 0x21) return this.declarationAt(position);
    if (code === 0x3f) return this.instructionAt(position);
    return this.startTag(position);
  }

  private instructionAt(position: number): boolean {
    if (DECLARATION_START.test(this.text.slice(position, position + 6)))
      return this.cursor.fail('malformed-xml', position, 'the XML declaration is not at the start');
    return this.cursor.fail('processing-instruction-forbidden', position, 'processing instructions are not accepted');
  }

  private declarationAt(position: number): boolean {
    const { cursor, text } = this;
    if (text.startsWith('<!--', position)) return this.comment(position);
    if (text.startsWith('<![CDATA[', position)) return this.section(position);
    const start = text.slice(position, position + 9);
    if (start.toUpperCase() === '<!DOCTYPE')
      return cursor.fail('doctype-forbidden', position, 'a document type is not accepted');
    if (start.startsWith('<!ENTITY')) return cursor.fail('entity-forbidden', position, 'entities cannot be declared');
    if (start.length < 9 && OPENINGS.some((opening) => opening.startsWith(start))) return cursor.truncated();
    return cursor.fail('malformed-xml', position, 'the markup is of no known kind');
  }

  private comment(position: number): boolean {
    const { cursor, text } = this;
    const dashes = text.indexOf('--', position + 4);
    if (dashes < 0 || dashes + 2 === text.length) return cursor.truncated();
    if (text.charCodeAt(dashes + 2) !== 0x3e)
      return cursor.fail('malformed-xml', dashes, 'two hyphens stand inside a comment');
    this.position = dashes + 3;
    return true;
  }

  private section(position: number): boolean {
    const { cursor, text } = this;
    if (this.open.length === 0) return cursor.fail('malformed-xml', position, 'there is text outside the root element');
    const end = text.indexOf(']]>', position + 9);
    if (end < 0) return cursor.truncated();
    if (!this.countText(position + 9, end)) return false;
    this.position = end + 3;
    return true;
  }

  private endTag(position: number): boolean {
    const { cursor, text, open } = this;
    const name = open.pop();
    if (name === undefined) return cursor.fail('malformed-xml', position, 'an end tag closes nothing');
    const end = skipSpace(text, position + 2 + name.length);
    if (text.startsWith(name, position + 2) && text.charCodeAt(end) === 0x3e) {
      this.afterTag(end + 1);
      return true;
    }
    const isCutOff = end >= text.length && name.startsWith(text.slice(position + 2).trimEnd());
    return isCutOff
      ? cursor.truncated()
      : cursor.fail('malformed-xml', position, 'an end tag does not match its start tag');
  }

  private startTag(position: number): boolean {
    const { cursor, text, open } = this;
    const nameEnd = cursor.nameFrom(position + 1);
    if (nameEnd < 0) return false;
    if (this.isRootClosed) return cursor.fail('malformed-xml', position, 'there is a second root element');
    if (++this.elements > cursor.limits.maxElements)
      return cursor.fail('too-many-elements', position, 'there are too many elements');
    if (open.length >= cursor.limits.maxDepth) return cursor.fail('too-deep', position, 'elements are nested too deep');
    const end = checkAttributes(cursor, nameEnd);
    if (end < 0) return false;
    const isEmpty = text.charCodeAt(end) === 0x2f;
    if (!isEmpty) open.push(text.slice(position + 1, nameEnd));
    this.afterTag(isEmpty ? end + 2 : end + 1);
    return true;
  }

  private afterTag(position: number): void {
    this.position = position;
    this.textLength = 0;
    this.isRootClosed = this.open.length === 0;
  }
}
