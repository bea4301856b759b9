import { XMLParser } from 'fast-xml-parser';
import { localName } from './xml-names.js';

/** One element of a document. */
export interface XmlElement {
  /** Name as written, with its prefix. */
  readonly name: string;
  /** Name without its prefix: what elements are matched by. */
  readonly localName: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The element's own text, references resolved, not trimmed. */
  readonly text: string;
  /** Place among all elements in document order; the root is 1. */
  readonly ordinal: number;
}

// Every option below switches off a default that would change content: numbers and booleans are recognised, values
// trimmed, attributes dropped, repeated elements folded together, and names such as `constructor` refused by throwing.
const ATTRIBUTE_PREFIX = '@';
const TEXT = '#text';
const SECTION = '#cdata';
const ATTRIBUTES = ':@';
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE_PREFIX,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  cdataPropName: SECTION,
  textNodeName: TEXT,
  ignoreDeclaration: true,
  maxNestedTags: Number.MAX_SAFE_INTEGER,
  // Nothing here asks for an element's path; as text it would be put together anew for every piece.
  jPath: false,
  transformTagName: safeName,
});

/**
 * Second stage, second half: the elements of a text that `findXmlProblem` has passed. References are resolved here and
 * not by the parser, whose own decoding blocks some values and leaves numeric references alone.
 */
export function readXml(text: string): XmlElement {
  const nodes = parser.parse(text) as readonly ParserNode[];
  const counter = { value: 0 };
  for (const node of nodes) {
    const name = nameOf(node);
    if (name !== TEXT) return toElement(node, name, counter);
  }
  throw new Error('a document that was checked has no root element');
}

/** The parser's output: one key with the element's name, one with its attributes. */
type ParserNode = Readonly<Record<string, unknown>>;

function toElement(node: ParserNode, name: string, counter: { value: number }): XmlElement {
  const ordinal = ++counter.value;
  const children: XmlElement[] = [];
  let text = '';
  for (const child of node[name] as readonly ParserNode[]) {
    const childName = nameOf(child);
    if (childName === TEXT) text += resolveReferences(String(child[TEXT]));
    else if (childName === SECTION) text += sectionText(child[SECTION]);
    else children.push(toElement(child, childName, counter));
  }
  return { name, localName: localName(name), attributes: attributesOf(node), children, text, ordinal };
}

function nameOf(node: ParserNode): string {
  for (const key in node) if (key !== ATTRIBUTES) return key;
  throw new Error('the parser made a node without a name');
}

function sectionText(section: unknown): string {
  return (section as readonly ParserNode[]).map((part) => String(part[TEXT])).join('');
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

function attributesOf(node: ParserNode): ReadonlyMap<string, string> {
  const attributes = node[ATTRIBUTES] as Readonly<Record<string, string>> | undefined;
  if (attributes === undefined) return NO_ATTRIBUTES;
  const map = new Map<string, string>();
  for (const key in attributes) map.set(key.slice(ATTRIBUTE_PREFIX.length), attributeValue(attributes[key] ?? ''));
  return map;
}

// XML 1.0, 3.3.3: written white space in an attribute is a blank, white space written as a reference stays what it is.
function attributeValue(written: string): string {
  return resolveReferences(/[\t\n]/.test(written) ? written.replace(/[\t\n]/g, ' ') : written);
}

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
]);

function resolveReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;]*);/g, (_, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(parseInt(name.slice(1), 10));
    return PREDEFINED.get(name) ?? '';
  });
}

const REFUSED_NAMES: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
]);

// No element of the protocol has such a name; the underscore keeps the parser from throwing or renaming it itself.
function safeName(name: string): string {
  return REFUSED_NAMES.has(name) ? `${name}_` : name;
}
