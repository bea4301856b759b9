import { XMLParser, type EntityDecoderOptions, type X2jOptions } from 'fast-xml-parser';
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

/**
 * Second stage, second half: the elements of a text that `findXmlProblem` has passed. References are resolved here and
 * not by the parser, whose own decoding blocks some values and leaves numeric references alone.
 */
export function readXml(text: string): XmlElement {
  const collector = new ElementCollector();
  const parser = new XMLParser({ ...OPTIONS, ...collector.callbacks });
  parser.parse(text.includes('<![CDATA[') ? withoutSections(text) : text);
  return collector.root();
}

// References are left alone by the parser, so it need not make a decoder for every document.
const NO_DECODER: EntityDecoderOptions = {
  setExternalEntities: () => undefined,
  addInputEntities: () => undefined,
  reset: () => undefined,
  setXmlVersion: () => undefined,
  decode: (text) => text,
};

// Most options switch off a default that would change content: numbers and booleans are recognised, values trimmed,
// attributes dropped, and names such as `constructor` refused by throwing.
const OPTIONS: X2jOptions = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  entityDecoder: NO_DECODER,
  ignoreDeclaration: true,
  maxNestedTags: Number.MAX_SAFE_INTEGER,
  // The callbacks get an element's path as an object; as text it would be put together anew for every piece.
  jPath: false,
  transformTagName: safeName,
};

type GrowingElement = Omit<XmlElement, 'children' | 'text'> & { readonly children: GrowingElement[]; text: string };

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/** Makes elements while the parser goes through a document, so that its own tree stays empty and is not read again. */
class ElementCollector {
  private count = 0;
  /** Attributes come before their element. */
  private attributes: Map<string, string> | undefined;
  /** The element begun last at each depth; the document itself is at 0. */
  private readonly path: GrowingElement[] = [newElement('', NO_ATTRIBUTES, 0)];

  readonly callbacks: X2jOptions = {
    attributeValueProcessor: (name, written, path) => {
      // Those of the XML declaration belong to no element.
      if (depthOf(path) > 0) (this.attributes ??= new Map()).set(name, attributeValue(written));
    },
    updateTag: (name, path) => {
      this.begin(name, depthOf(path));
      return false;
    },
    tagValueProcessor: (_name, text, path) => {
      const element = this.path[depthOf(path)];
      if (element) element.text += resolveReferences(text);
      return '';
    },
  };

  root(): XmlElement {
    const root = this.path[0]?.children[0];
    if (root === undefined) throw new Error('a document that was checked has no root element');
    return root;
  }

  private begin(name: string, depth: number): void {
    const element = newElement(name, this.attributes ?? NO_ATTRIBUTES, ++this.count);
    this.attributes = undefined;
    this.path[depth - 1]?.children.push(element);
    this.path[depth] = element;
  }
}

function newElement(name: string, attributes: ReadonlyMap<string, string>, ordinal: number): GrowingElement {
  return { name, localName: localName(name), attributes, children: [], text: '', ordinal };
}

type Path = Parameters<NonNullable<X2jOptions['tagValueProcessor']>>[2];

function depthOf(path: Path): number {
  if (typeof path === 'string') throw new Error('the parser was to give paths as objects');
  return path.getDepth();
}

const COMMENT_OR_SECTION = /<!--.*?-->|<!\[CDATA\[(.*?)\]\]>/gs;

// The callbacks could not tell a section from text, whose references are resolved.
function withoutSections(text: string): string {
  return text.replace(COMMENT_OR_SECTION, (_, section: string | undefined) =>
    (section ?? '').replaceAll('&', '&amp;').replaceAll('<', '&lt;'),
  );
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
