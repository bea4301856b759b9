import type { Item } from '../items/item.js';
import { itemListElement } from '../items/write-items.js';
import {
  findAction,
  findReason,
  findReplyStatus,
  type DlsAction,
  type Fragment,
  type ReasonForContact,
  type ReplyStatus,
} from '../protocol-names.js';
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
 * What a phone sends.
 *
 * ```
 * WorkpointMessage
 *   Message             exactly 1
 *     @nonce            required
 *     @maxItems         optional, integer, -1 = no limit
 *     @fragment         optional, next | final; read from ReasonForContact too
 *     ReasonForContact  exactly 1
 *       @action         with reply-to: the action answered
 *       @status         with reply-to: accepted | failed | busy
 *     ItemList          0..1, may be empty
 *       Item            0..n
 * ```
 */
export interface WorkpointMessage {
  readonly kind: 'workpoint';
  /** Opaque; every answer carries it as it came. */
  readonly nonce: string;
  /** Most items the phone takes in one message; -1 = no limit. */
  readonly maxItems?: number;
  /** `final` when the message does not say. */
  readonly fragment: Fragment;
  readonly reason: ReasonForContact | 'unknown';
  /** The reason as it came, only when it is `unknown`. */
  readonly reasonText?: string;
  readonly action?: DlsAction | 'unknown';
  /** The action as it came, only when it is `unknown`. */
  readonly actionText?: string;
  readonly status?: ReplyStatus | 'unknown';
  /** The status as it came, only when it is `unknown`. */
  readonly statusText?: string;
  readonly items: readonly Item[];
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Third stage for a phone's message: required parts and formats. */
export function readWorkpointMessage(
  root: XmlElement,
  warnings: WarningList,
): { ok: true; message: WorkpointMessage } | { ok: false; missing: MissingPart } {
  const result = readMessageParts(root, 'ReasonForContact');
  if (!result.ok) return result;
  const { message, nonce, subject } = result.parts;
  checkNamespace(root, warnings);
  checkAttributes(message, ['nonce', 'maxItems', 'fragment'], warnings);
  checkSubject(subject, ['action', 'status', 'fragment'], warnings);
  const fragment = readFragment(message, subject, warnings);
  const decoded: Writable<WorkpointMessage> = {
    kind: 'workpoint',
    nonce,
    fragment,
    reason: 'unknown',
    items: [],
  };
  readMaxItems(decoded, message.attributes.get('maxItems'), warnings);
  readReason(decoded, trimXmlSpace(subject.text), warnings);
  readReply(decoded, subject, warnings);
  decoded.items = readItemLists(root, result.parts, warnings) ?? [];
  return { ok: true, message: decoded };
}

// The table of the manual has the attribute on ReasonForContact, all its examples on Message (PROTOCOL 2.2).
function readFragment(message: XmlElement, subject: XmlElement, warnings: WarningList): Fragment {
  const onReason = subject.attributes.get('fragment');
  if (onReason !== undefined) warnings.add('misplaced-fragment');
  const text = message.attributes.get('fragment') ?? onReason;
  if (text === undefined) return 'final';
  const word = text.trim().toLowerCase();
  if (word === 'next' || word === 'final') return word;
  warnings.add('unknown-fragment', text);
  return 'final';
}

function readMaxItems(decoded: Writable<WorkpointMessage>, text: string | undefined, warnings: WarningList): void {
  if (text === undefined) return;
  if (/^-?\d{1,9}$/.test(text.trim())) decoded.maxItems = Number(text);
  else warnings.add('invalid-max-items', text);
}

function readReason(decoded: Writable<WorkpointMessage>, text: string, warnings: WarningList): void {
  const reason = findReason(text);
  decoded.reason = reason ?? 'unknown';
  if (reason !== undefined) return;
  decoded.reasonText = text;
  warnings.add('unknown-reason', text);
}

function readReply(decoded: Writable<WorkpointMessage>, subject: XmlElement, warnings: WarningList): void {
  const isReply = decoded.reason === 'reply-to';
  const actionText = subject.attributes.get('action');
  if (actionText !== undefined) {
    decoded.action = findAction(actionText) ?? 'unknown';
    if (decoded.action === 'unknown') {
      decoded.actionText = actionText;
      warnings.add('unknown-action', actionText);
    }
  } else if (isReply) warnings.add('missing-reply-action');
  const statusText = subject.attributes.get('status');
  if (statusText !== undefined) {
    decoded.status = findReplyStatus(statusText) ?? 'unknown';
    if (decoded.status === 'unknown') {
      decoded.statusText = statusText;
      warnings.add('unknown-reply-status', statusText);
    }
  } else if (isReply) warnings.add('missing-reply-status');
}

/** A phone's message as elements: the form of current firmware. */
export function workpointElements(message: WorkpointMessage): XmlOutput {
  const reason: XmlOutput = {
    name: 'ReasonForContact',
    attributes: {
      action: message.action === 'unknown' ? message.actionText : message.action,
      status: message.status === 'unknown' ? message.statusText : message.status,
    },
    text: message.reason === 'unknown' ? message.reasonText : message.reason,
  };
  // The answers of a running interaction name their last part, first messages do not (PROTOCOL 2.2).
  const isContinuing = message.reason === 'reply-to' || message.reason === 'clean-up';
  const attributes = {
    nonce: message.nonce,
    maxItems: message.maxItems === undefined ? undefined : String(message.maxItems),
    fragment: message.fragment === 'next' || isContinuing ? message.fragment : undefined,
  };
  const hasList = message.items.length > 0 || message.status === 'accepted';
  const children = hasList ? [reason, itemListElement(message.items)] : [reason];
  return rootElement('WorkpointMessage', { name: 'Message', attributes, children });
}
