import type { Item } from '../items/item.js';
import { itemListElement } from '../items/write-items.js';
import { findAction, type DlsAction } from '../protocol-names.js';
import type { WarningList } from '../warnings.js';
import type { XmlElement } from '../xml/read-xml.js';
import { trimXmlSpace } from '../xml/white-space.js';
import type { XmlOutput } from '../xml/write-xml.js';
import {
  checkAttributes,
  checkNamespace,
  checkSubject,
  readItemLists,
  readMessageParts,
  type MissingPart,
} from './read-message-parts.js';
import { rootElement } from './root-element.js';

/**
 * What the service answers.
 *
 * ```
 * DLSMessage
 *   Message      exactly 1
 *     @nonce     required, the nonce of the request
 *     Action     exactly 1
 *     ItemList   0..1
 *       Item     0..n
 * ```
 */
export interface DlsMessage {
  readonly kind: 'dls';
  readonly nonce: string;
  readonly action: DlsAction | 'unknown';
  /** The action as it came, only when it is `unknown`. */
  readonly actionText?: string;
  /** Absent = no ItemList; empty = an empty one. */
  readonly items?: readonly Item[];
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Third stage for a service's message: required parts and formats. */
export function readDlsMessage(
  root: XmlElement,
  warnings: WarningList,
): { ok: true; message: DlsMessage } | { ok: false; missing: MissingPart } {
  const result = readMessageParts(root, 'Action');
  if (!result.ok) return result;
  const { message, nonce, subject } = result.parts;
  checkNamespace(root, warnings);
  checkAttributes(message, ['nonce'], warnings);
  checkSubject(subject, [], warnings);
  const text = trimXmlSpace(subject.text);
  const decoded: Writable<DlsMessage> = { kind: 'dls', nonce, action: findAction(text) ?? 'unknown' };
  if (decoded.action === 'unknown') {
    decoded.actionText = text;
    warnings.add('unknown-action', text);
  }
  const items = readItemLists(root, result.parts, warnings);
  if (items !== undefined) decoded.items = items;
  return { ok: true, message: decoded };
}

/** A service's message as elements. */
export function dlsElements(message: DlsMessage): XmlOutput {
  const action: XmlOutput = {
    name: 'Action',
    text: message.action === 'unknown' ? message.actionText : message.action,
  };
  const children = message.items === undefined ? [action] : [action, itemListElement(message.items)];
  // The phone compares it byte by byte with what it wrote itself (PROTOCOL 2.3).
  const exactAttributes = ['nonce'];
  return rootElement('DLSMessage', {
    name: 'Message',
    attributes: { nonce: message.nonce },
    exactAttributes,
    children,
  });
}
