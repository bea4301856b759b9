import type { ItemDefinition } from '@opendls/item-catalog';
import { itemKey, listItems } from '@opendls/item-catalog';
import type { Personality } from './personality.js';
import type { FactoryItems, StoredItem } from './phone-items.js';

/** Groups a phone does not report among its settings: they are made per message, or belong to a feature it lacks. */
const NOT_SETTINGS: ReadonlySet<string> = new Set([
  'fault-report',
  'inventory',
  'session',
  'secure-mode',
  'file-transfer',
]);

/** What a phone reports although its type has no natural factory value. */
const FACTORY_VALUES: ReadonlyMap<string, string> = new Map([
  ['user-pwd', '000000'], // 000000 means none
  ['country-iso', 'DE'],
  ['language-iso', 'de'],
  ['dhcp', 'true'],
  ['enable-WBM', 'true'],
  ['auto-daylight-save', 'true'],
  ['display-brightness', '3'],
  ['sip-mobility-state', '0'],
]);

/** Items reported once per programmable key; phones know more of a key than they report. */
const KEY_ITEMS: readonly string[] = ['function-key-def', 'key-label-unicode', 'select-dial', 'locked-function-keys'];

/** The settings of a new phone of this kind. With `itemCount` it has that many (more keys, lines, applications). */
export function factoryItems(personality: Personality, itemCount = 0): FactoryItems {
  const settings = listItems().filter((definition) => isReported(definition, personality));
  const items = settings.flatMap((definition) => instancesOf(definition, personality));
  const byKey = new Map(items.map((item) => [itemKey(item.name, item.index), item]));
  for (const item of furtherItems(settings)) {
    if (byKey.size >= itemCount) break;
    const key = itemKey(item.name, item.index);
    if (!byKey.has(key)) byKey.set(key, item);
  }
  return byKey;
}

function isReported({ access, devices, group, secret, name }: ItemDefinition, { deviceType }: Personality): boolean {
  if (access === 'write-only' || access === 'read-only' || NOT_SETTINGS.has(group)) return false;
  if (name.startsWith('userdata-')) return false; // only on demand, while a mobile user logs off
  if (secret && access === 'unknown') return false;
  return devices === undefined || devices.includes(deviceType);
}

function instancesOf(definition: ItemDefinition, { keyCount }: Personality): StoredItem[] {
  const { name, index } = definition;
  if (!index) return [{ name, value: factoryValue(definition) }];
  if (KEY_ITEMS.includes(name)) return rangeOf(1, keyCount).map((key) => instance(definition, key));
  const isSmall = index.max !== undefined && index.max <= 36 && definition.group !== 'xml-applications';
  return isSmall ? rangeOf(index.min, index.max ?? index.min).map((each) => instance(definition, each)) : [];
}

/** Instances a phone with key modules and applications has on top, in a fixed order. */
function* furtherItems(settings: readonly ItemDefinition[]): Iterable<StoredItem> {
  const indexed = settings.filter(({ index }) => index !== undefined && index.max !== undefined && index.max >= 20);
  for (const definition of indexed.filter(({ group }) => group === 'xml-applications')) {
    for (const app of rangeOf(1, 20)) yield instance(definition, app);
  }
  const keys = indexed.filter(({ group }) => group === 'keys');
  for (const key of [...rangeOf(1, 8), ...rangeOf(1001, 1008), ...rangeOf(301, 312), ...rangeOf(401, 412)]) {
    for (const definition of keys) yield instance(definition, key);
  }
  for (let more = 1; more <= 50; more++) {
    for (const definition of indexed.filter(({ index }) => (index?.max ?? 0) >= more)) yield instance(definition, more);
  }
}

function instance(definition: ItemDefinition, index: number): StoredItem {
  return { name: definition.name, index, value: factoryValue(definition) };
}

function factoryValue(definition: ItemDefinition): string {
  const stated = FACTORY_VALUES.get(definition.name) ?? definition.default;
  if (stated !== undefined) return stated;
  switch (definition.type) {
    case 'boolean':
      return 'false';
    case 'integer':
      return String(definition.min ?? 0);
    case 'enum':
      return definition.values?.[0]?.value ?? '';
    default:
      return '';
  }
}

function rangeOf(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
}
