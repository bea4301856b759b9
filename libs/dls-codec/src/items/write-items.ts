import type { XmlOutput } from '../xml/write-xml.js';
import { trimXmlSpace } from '../xml/white-space.js';
import type { Item } from './item.js';

/** An ItemList as elements. */
export function itemListElement(items: readonly Item[]): XmlOutput {
  return { name: 'ItemList', children: items.map(itemElement) };
}

// White space around a value is not part of it in either direction, or a value would come back changed.
function itemElement(item: Item): XmlOutput {
  return {
    name: 'Item',
    attributes: {
      name: item.name,
      index: item.index === undefined ? item.indexText : String(item.index),
      type: item.type,
      status: item.statusText ?? item.status,
    },
    text: trimXmlSpace(item.value),
  };
}
