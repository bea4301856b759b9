import { create } from 'xmlbuilder2';

/** One element to write. Attributes whose value is undefined are left out; an element has children or text. */
export interface XmlOutput {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string | undefined>>;
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
  const escape = options.legacyEntities ? legacyText : xmlText;
  const document = create({ version: '1.0', encoding: 'UTF-8' });
  append(document, root, escape);
  return document.end();
}

type Builder = ReturnType<typeof create>;
type Escape = (text: string) => string;

function append(parent: Builder, output: XmlOutput, escape: Escape): void {
  const { xmlns, ...others } = output.attributes ?? {};
  const element = xmlns === undefined ? parent.ele(output.name) : parent.ele(xmlns, output.name);
  for (const [name, value] of Object.entries(others))
    if (value !== undefined) element.att(name, escapeAttribute(escape(value)));
  if (output.text !== undefined && output.text !== '') element.txt(escape(output.text));
  for (const child of output.children ?? []) append(element, child, escape);
}

const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
const SPECIAL = /[\u0000-\u0008\u000b-\u001f&\ud800-\udfff\ufffe\uffff]/;

// The library leaves anything that looks like a reference alone, so that a value `&lt;` would arrive as `<` and `&x;` as
// an undefined entity. Every ampersand is therefore escaped here; the library escapes the brackets and quotes.
// A carriage return must be a reference, or it would arrive as a line feed.
function xmlText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(NOT_XML, '').replaceAll('&', '&amp;').replaceAll('\r', '&#13;');
}

function legacyText(text: string): string {
  return text.replace(NOT_XML, '').replace(/[<>]/g, '').replaceAll('&', '+').replace(/\r\n?/g, '\n');
}

// Written as they are, line feeds and tabs in an attribute would arrive as blanks.
function escapeAttribute(text: string): string {
  return text.includes('\n') || text.includes('\t') ? text.replaceAll('\n', '&#10;').replaceAll('\t', '&#9;') : text;
}
