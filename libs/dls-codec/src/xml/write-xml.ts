import { create } from 'xmlbuilder2';
import { carriedText } from './xml-characters.js';

/** One element to write. Attributes whose value is undefined are left out; an element has children or text. */
export interface XmlOutput {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string | undefined>>;
  /** Attributes that must arrive as they are, also where the firmware's entities are limited. */
  readonly exactAttributes?: readonly string[];
  readonly children?: readonly XmlOutput[];
  readonly text?: string;
}

export interface WriteOptions {
  /**
   * Write for firmware that understands neither `&lt;`, `&gt;` nor `&amp;`: the characters `<` and `>` are dropped and
   * `&` becomes `+` (PROTOCOL 6.5).
   */
  readonly legacyEntities?: boolean;
}

/** A document as text, UTF-8 declared. Characters that XML cannot carry are left out. */
export function writeXml(root: XmlOutput, options: WriteOptions = {}): string {
  const document = create({ version: '1.0', encoding: 'UTF-8' });
  append(document, root, options.legacyEntities ? legacyText : xmlText);
  return document.end();
}

type Builder = ReturnType<typeof create>;
type Escape = (text: string) => string;

function append(parent: Builder, output: XmlOutput, escape: Escape): void {
  const { xmlns, ...others } = output.attributes ?? {};
  const element = xmlns === undefined ? parent.ele(output.name) : parent.ele(xmlns, output.name);
  for (const [name, value] of Object.entries(others))
    if (value !== undefined) element.att(name, escapeAttribute(isExact(output, name) ? xmlText(value) : escape(value)));
  if (output.text !== undefined && output.text !== '') element.txt(escape(output.text));
  for (const child of output.children ?? []) append(element, child, escape);
}

function isExact({ exactAttributes }: XmlOutput, name: string): boolean {
  return exactAttributes?.includes(name) === true;
}

// The library leaves whatever looks like a reference alone: a value `&lt;` would arrive as `<`, and `&x;` as an entity
// nobody declared. Every ampersand is therefore escaped here; the library escapes brackets and quotes. A carriage return
// must be a reference, or it would arrive as a line feed.
function xmlText(text: string): string {
  const carried = carriedText(text);
  return /[&\r]/.test(carried) ? carried.replaceAll('&', '&amp;').replaceAll('\r', '&#13;') : carried;
}

function legacyText(text: string): string {
  return carriedText(text).replace(/[<>]/g, '').replaceAll('&', '+').replace(/\r\n?/g, '\n');
}

// Written as they are, line feeds and tabs in an attribute would arrive as blanks.
function escapeAttribute(text: string): string {
  return /[\n\t]/.test(text) ? text.replaceAll('\n', '&#10;').replaceAll('\t', '&#9;') : text;
}
