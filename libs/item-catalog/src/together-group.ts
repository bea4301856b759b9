import { findItem } from './catalog.js';
import { itemKey } from './item-key.js';

/** What identifies an item; the value plays no part in grouping. */
export interface ItemIdentity {
  readonly name: string;
  readonly index?: number;
}

/** Catalogue groups whose items form one thing per index, and the name of that thing. */
const THING_OF_GROUP: ReadonlyMap<string, string> = new Map([
  ['keys', 'key'],
  ['lines', 'key'], // a line and its key (code 31) share their index
  ['xml-applications', 'xml-app'],
  ['file-transfer', 'file'],
  ['codec', 'codec'],
]);

const THING_OF_NAME: ReadonlyMap<string, string> = new Map([
  ['locked-function-keys', 'key'],
  ['Canonical-lookup-local-code', 'canonical-lookup'],
  ['Canonical-lookup-international-code', 'canonical-lookup'],
]);

/** Items outside the catalogue that by their name belong to a key, a line, an application or a file. */
const THING_OF_PREFIX: readonly (readonly [RegExp, string])[] = [
  [/^(line|key|function-key|blf|send-url|stimulus|forwarding|FPK)-/, 'key'],
  [/^XML-app-/, 'xml-app'],
  [/^file-/, 'file'],
];

/** Unindexed items that only make sense together. */
const UNINDEXED_TOGETHER: ReadonlyMap<string, string> = new Map([
  ['vlan-id', 'vlan'],
  ['vlan-method', 'vlan'],
  // With the port the phone goes to Secure Mode (PROTOCOL 7.2); its other items are of the catalogue's group of that name.
  ['dls-secure-port', 'secure-mode'],
]);

/**
 * Items with the same group must travel in one message: all fields of one function key (and of its line), of one XML
 * application, of one file (PROTOCOL 5.3). Undefined: the item can travel alone.
 */
export function togetherGroup({ name, index }: ItemIdentity): string | undefined {
  const definition = findItem(name);
  const thing = definition
    ? (THING_OF_NAME.get(name) ?? THING_OF_GROUP.get(definition.group))
    : THING_OF_PREFIX.find(([pattern]) => pattern.test(name))?.[1];
  if (definition?.group === 'secure-mode') return 'secure-mode';
  if (index === undefined) return thing === 'file' ? 'file' : UNINDEXED_TOGETHER.get(name);
  return thing === undefined ? undefined : itemKey(thing, index);
}
