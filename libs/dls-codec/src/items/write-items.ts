import type { XmlOutput } from '../xml/write-xml.js';
import { trimXmlSpace } from '../xml/white-space.js';
import { carriedText } from '../xml/xml-characters.js';
import { MAX_INDEX, type Item } from './item.js';

/** An ItemList as elements. */
export function itemListElement(items: readonly Item[]): XmlOutput {
  return { name: 'ItemList', children: items.map(itemElement) };
}

// White space around a value is not part of it in either direction, or a value would come back changed.
function itemElement(item: Item): XmlOutput {
  if (carriedText(item.name) === '') throw new TypeError('an item needs a name');
  return {
    name: 'Item',
    attributes: {
      name: item.name,
      index: item.index === undefined ? item.indexText : indexText(item.index),
      type: item.type,
      status: item.statusText ?? item.status,
    },
    text: trimXmlSpace(carriedText(item.value)),
  };
}

function indexText(index: number): string {
  if (Number.isInteger(index) && index >= 0 && index <= MAX_INDEX) return String(index);
  throw new TypeError(`an item index is a whole number from 0 to ${MAX_INDEX}`);
}
