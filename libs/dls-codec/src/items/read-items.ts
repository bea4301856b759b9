import { findItemStatus } from '../protocol-names.js';
import type { WarningList } from '../warnings.js';
import type { XmlElement } from '../xml/read-xml.js';
import { trimXmlSpace } from '../xml/white-space.js';
import type { Item } from './item.js';

type MutableItem = { -readonly [Key in keyof Item]: Item[Key] };

/** The items of an ItemList element, in order, duplicates kept. */
export function readItems(list: XmlElement, warnings: WarningList): Item[] {
  const items: Item[] = [];
  for (const child of list.children) {
    const item = child.localName === 'Item' ? readItem(child, warnings) : undefined;
    if (item !== undefined) items.push(item);
    else if (child.localName !== 'Item') warnings.add('unexpected-element', child.localName);
  }
  if (trimXmlSpace(list.text) !== '') warnings.add('unexpected-text', 'ItemList');
  return items;
}

function readItem(element: XmlElement, warnings: WarningList): Item | undefined {
  const name = element.attributes.get('name');
  if (name === undefined || name === '') {
    warnings.add('item-without-name');
    return undefined;
  }
  const item: MutableItem = { name, value: trimXmlSpace(element.text) };
  for (const [attribute, value] of element.attributes) {
    if (attribute === 'name') continue;
    if (attribute === 'index') readIndex(item, value, warnings);
    else if (attribute === 'status') readStatus(item, value, warnings);
    else if (attribute === 'type') item.type = value;
    else if (!isNamespaceAttribute(attribute)) warnings.add('unexpected-attribute', attribute);
  }
  for (const child of element.children) warnings.add('unexpected-element', child.localName);
  return item;
}

// Up to nine digits, MAX_INDEX: more would not be an index of anything.
function readIndex(item: MutableItem, text: string, warnings: WarningList): void {
  const trimmed = trimXmlSpace(text);
  if (/^\d{1,9}$/.test(trimmed)) {
    item.index = Number(trimmed);
    return;
  }
  item.indexText = text;
  warnings.add('invalid-index', item.name);
}

function readStatus(item: MutableItem, text: string, warnings: WarningList): void {
  const status = findItemStatus(text);
  if (status === undefined) warnings.add('unknown-item-status', item.name);
  // An item with a status was refused; one whose status says nothing was not.
  if (trimXmlSpace(text) === '') return;
  item.status = status ?? 'undefined status';
  if (status === undefined) item.statusText = text;
}

/** Namespace declarations and `xsi:` attributes say nothing about the message. */
export function isNamespaceAttribute(name: string): boolean {
  return name === 'xmlns' || name.includes(':');
}
