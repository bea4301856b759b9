// The texts of a phone's messages, written out. They deliberately do not come from the encoder of this workspace, so that
// a fault of that encoder cannot hide a fault of a server.

/** One item as a phone writes it. */
export interface PhoneItem {
  readonly name: string;
  readonly index?: number | undefined;
  readonly value: string;
  readonly status?: string | undefined;
}

/** A message in pieces, each of which a case can replace. */
export interface MessageText {
  readonly prolog: string;
  readonly rootStart: string;
  readonly messageStart: string;
  readonly reason: string;
  readonly list: string;
  readonly messageEnd: string;
  readonly rootEnd: string;
}

export const PROLOG = '<?xml version="1.0" encoding="utf-8"?>\n';
export const ROOT_START =
  '<WorkpointMessage xmlns="http://www.siemens.com/DLS"\n' +
  '  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n' +
  '  xsi:schemaLocation="http://www.siemens.com/DLS">';

/** What varies in the messages of one phone. */
export interface MessageParts {
  readonly nonce: string;
  readonly reason: string;
  readonly action?: string | undefined;
  readonly status?: string | undefined;
  readonly fragment?: string | undefined;
  /** Null = no maxItems. */
  readonly maxItems?: string | null | undefined;
  /** Absent = no ItemList. */
  readonly items?: readonly PhoneItem[] | undefined;
}

/** A message to the grammar of PROTOCOL 2.1. */
export function messageText(parts: MessageParts): MessageText {
  const maxItems = parts.maxItems === null ? '' : attribute('maxItems', parts.maxItems ?? '-1');
  const fragment = attribute('fragment', parts.fragment);
  return {
    prolog: PROLOG,
    rootStart: ROOT_START,
    messageStart: `<Message${attribute('nonce', parts.nonce)}${maxItems}${fragment}>`,
    reason: `<ReasonForContact${attribute('action', parts.action)}${attribute('status', parts.status)}>${escapeText(parts.reason)}</ReasonForContact>`,
    list: parts.items === undefined ? '' : listText(parts.items),
    messageEnd: '</Message>',
    rootEnd: '</WorkpointMessage>',
  };
}

/** The whole document. */
export function documentOf(text: MessageText): string {
  const { prolog, rootStart, messageStart, reason, list, messageEnd, rootEnd } = text;
  return `${prolog}${rootStart}\n  ${messageStart}\n    ${reason}\n    ${list}\n  ${messageEnd}\n${rootEnd}\n`;
}

/** The item list of a message. */
export function listText(items: readonly PhoneItem[]): string {
  return `<ItemList>${items.map((item) => `\n      ${itemText(item)}`).join('')}\n    </ItemList>`;
}

/** One item. */
export function itemText({ name, index, value, status }: PhoneItem): string {
  const attributes = [
    attribute('name', name),
    attribute('index', index === undefined ? undefined : String(index)),
    attribute('status', status),
  ];
  return `<Item${attributes.join('')}>${escapeText(value)}</Item>`;
}

/** Text as element content. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function attribute(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` ${name}="${escapeText(value).replaceAll('"', '&quot;')}"`;
}
