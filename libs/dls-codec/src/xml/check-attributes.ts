import { skipSpace, type XmlCursor } from './xml-cursor.js';

/** Checks the attributes of a start tag; answers the position of its '>' or '/>', -1 on a fault. */
export function checkAttributes(cursor: XmlCursor, nameEnd: number): number {
  const { text } = cursor;
  const names: string[] = [];
  let position = nameEnd;
  while (position >= 0) {
    const start = skipSpace(text, position);
    const code = text.charCodeAt(start);
    if (code === 0x3e || (code === 0x2f && text.charCodeAt(start + 1) === 0x3e)) return start;
    if (start + (code === 0x2f ? 1 : 0) >= text.length) cursor.truncated();
    else if (start === position) cursor.fail('malformed-xml', start, 'a start tag is malformed');
    if (cursor.problem !== undefined) return -1;
    position = checkAttribute(cursor, start, names);
  }
  return -1;
}

/** Checks one attribute; answers the position behind its closing quote, -1 on a fault. */
function checkAttribute(cursor: XmlCursor, start: number, names: string[]): number {
  const { text } = cursor;
  const nameEnd = cursor.nameFrom(start);
  if (nameEnd < 0) return -1;
  if (!checkAttributeName(cursor, start, text.slice(start, nameEnd), names)) return -1;
  const equals = skipSpace(text, nameEnd);
  const quote = skipSpace(text, equals + 1);
  const mark = text.charAt(quote);
  if (text.charCodeAt(equals) === 0x3d && (mark === '"' || mark === "'")) return checkValue(cursor, quote + 1, mark);
  if (equals >= text.length || (quote >= text.length && text.charCodeAt(equals) === 0x3d)) cursor.truncated();
  else cursor.fail('malformed-xml', start, 'an attribute has no quoted value');
  return -1;
}

function checkAttributeName(cursor: XmlCursor, start: number, name: string, names: string[]): boolean {
  if (names.includes(name)) return cursor.fail('malformed-xml', start, 'an attribute stands twice');
  names.push(name);
  if (names.length <= cursor.limits.maxAttributes) return true;
  return cursor.fail('too-many-attributes', start, 'an element has too many attributes');
}

function checkValue(cursor: XmlCursor, start: number, mark: string): number {
  const end = cursor.text.indexOf(mark, start);
  const markup = cursor.markupFrom(start);
  const { maxValueLength } = cursor.limits;
  if (end < 0 || end > markup) {
    if (markup >= cursor.text.length) cursor.truncated();
    else cursor.fail('malformed-xml', markup, 'markup stands inside an attribute value');
    return -1;
  }
  if (end - start > maxValueLength) {
    cursor.fail('value-too-long', start + maxValueLength, 'an attribute value is too long');
    return -1;
  }
  return cursor.references(start, end) ? end + 1 : -1;
}
