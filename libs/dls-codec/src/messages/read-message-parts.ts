import { readItems, isNamespaceAttribute } from '../items/read-items.js';
import type { Item } from '../items/item.js';
import type { DecodeErrorCode } from '../protocol-error.js';
import type { WarningList } from '../warnings.js';
import type { XmlElement } from '../xml/read-xml.js';
import { prefixOf } from '../xml/xml-names.js';
import { trimXmlSpace } from '../xml/white-space.js';
import { NAMESPACE } from './root-element.js';

/** A required part that is not there. `element` is where it should have been. */
export interface MissingPart {
  readonly code: DecodeErrorCode;
  readonly element: XmlElement;
  readonly message: string;
}

/** What both kinds of message share. */
export interface MessageParts {
  readonly message: XmlElement;
  readonly nonce: string;
  /** The ReasonForContact or Action element. */
  readonly subject: XmlElement;
}

export type PartsResult =
  { readonly ok: true; readonly parts: MessageParts } | { readonly ok: false; readonly missing: MissingPart };

/** Finds the required parts below a message's root element; of elements that may stand once the first counts. */
export function readMessageParts(root: XmlElement, subjectName: 'ReasonForContact' | 'Action'): PartsResult {
  const message = root.children.find((child) => child.localName === 'Message');
  if (message === undefined) return missing('missing-message', root, 'there is no Message element');
  const nonce = nonceOf(message);
  if (nonce === undefined) return missing('missing-nonce', message, 'Message has no nonce');
  const subject = message.children.find((child) => child.localName === subjectName);
  if (subject === undefined) {
    const code = subjectName === 'Action' ? 'missing-action' : 'missing-reason';
    return missing(code, message, `there is no ${subjectName} element`);
  }
  return { ok: true, parts: { message, nonce, subject } };
}

/** The nonce of a Message element; undefined when it is absent or empty. */
export function nonceOf(message: XmlElement): string | undefined {
  return message.attributes.get('nonce') || undefined;
}

function missing(code: DecodeErrorCode, element: XmlElement, message: string): PartsResult {
  return { ok: false, missing: { code, element, message } };
}

/**
 * The items of a message, undefined when it has no ItemList. An ItemList beside Message is taken too (PROTOCOL 2.5), of
 * several the items are joined; whatever else stands there is told.
 */
export function readItemLists(
  root: XmlElement,
  { message, subject }: MessageParts,
  warnings: WarningList,
): readonly Item[] | undefined {
  let items: Item[] | undefined;
  const take = (list: XmlElement): void => {
    if (items === undefined) items = readItems(list, warnings);
    else {
      warnings.add('duplicate-element', 'ItemList');
      items.push(...readItems(list, warnings));
    }
  };
  for (const child of message.children) {
    if (child.localName === 'ItemList') take(child);
    else if (child.localName !== subject.localName) warnings.add('unexpected-element', child.localName);
    else if (child !== subject) warnings.add('duplicate-element', subject.localName);
  }
  for (const child of root.children) {
    if (child === message) continue;
    if (child.localName === 'ItemList') {
      warnings.add('misplaced-item-list');
      take(child);
    } else warnings.add(child.localName === 'Message' ? 'duplicate-element' : 'unexpected-element', child.localName);
  }
  if (trimXmlSpace(message.text) !== '') warnings.add('unexpected-text', 'Message');
  if (trimXmlSpace(root.text) !== '') warnings.add('unexpected-text', root.localName);
  return items;
}

/** Warns of attributes that are none of the element's. */
export function checkAttributes(element: XmlElement, known: readonly string[], warnings: WarningList): void {
  for (const name of element.attributes.keys())
    if (!known.includes(name) && !isNamespaceAttribute(name)) warnings.add('unexpected-attribute', name);
}

/** Warns of what is none of the ReasonForContact's or Action's. */
export function checkSubject(subject: XmlElement, attributes: readonly string[], warnings: WarningList): void {
  checkAttributes(subject, attributes, warnings);
  for (const child of subject.children) warnings.add('unexpected-element', child.localName);
}

/**
 * Warns when a message's root is not in the protocol's namespace: phones do without (PROTOCOL 2.5). Elements inside are
 * matched by local name and not checked.
 */
export function checkNamespace(root: XmlElement, warnings: WarningList): void {
  const prefix = prefixOf(root.name);
  const namespace = root.attributes.get(prefix === '' ? 'xmlns' : `xmlns:${prefix}`);
  if (namespace === undefined) warnings.add('missing-namespace');
  else if (namespace !== NAMESPACE) warnings.add('foreign-namespace', namespace);
}
