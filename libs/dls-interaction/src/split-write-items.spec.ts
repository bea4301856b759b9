import { encodeDlsMessage } from '@opendls/dls-codec';
import { itemKey, togetherGroup } from '@opendls/item-catalog';
import fc from 'fast-check';
import { EMPTY_MESSAGE_BYTES, itemBytes, MAX_NONCE_LENGTH } from './encoded-size.js';
import type { OrderItem } from './order.js';
import { splitWriteItems } from './split-write-items.js';

const plain = (name: string, value: string, index?: number): OrderItem =>
  index === undefined ? { name, value } : { name, index, value };

function documentBytes(items: readonly OrderItem[], nonce: string, legacyEntities = false): number {
  return Buffer.byteLength(encodeDlsMessage({ kind: 'dls', nonce, action: 'WriteItems', items }, { legacyEntities }));
}

describe('splitWriteItems', () => {
  it('keeps what fits in one message, in its order', () => {
    const items = [plain('sntp-addr', 'a'), plain('reg-addr', 'b'), plain('sntp-addr', 'c')];
    expect(splitWriteItems(items, { maxBytes: 50_000 })).toEqual({ parts: [items], oversized: [], tornGroups: [] });
  });

  it('makes no message of an empty list', () => {
    expect(splitWriteItems([], { maxBytes: 50_000 }).parts).toEqual([]);
  });

  it.each([
    [-1, 1],
    [0, 1],
    [null, 1],
    [4, 1],
    [3, 2],
    [1, 4],
  ])('with maxItems %s four items take %s messages', (maxItems, count) => {
    const items = ['a', 'b', 'c', 'd'].map((name) => plain(name, 'x'));
    expect(splitWriteItems(items, { maxBytes: 50_000, maxItems }).parts).toHaveLength(count);
  });

  it('keeps the fields of one function key together, and its line', () => {
    const items = [
      plain('sntp-addr', 'x'),
      plain('function-key-def', '1', 3),
      plain('reg-addr', 'y'),
      plain('key-label-unicode', 'Empfang', 3),
      plain('select-dial', '4989100200', 3),
    ];
    const { parts, tornGroups } = splitWriteItems(items, { maxBytes: 50_000, maxItems: 3 });
    expect(parts.map((part) => part.map(({ name }) => name))).toEqual([
      ['sntp-addr'],
      ['function-key-def', 'key-label-unicode', 'select-dial'],
      ['reg-addr'],
    ]);
    expect(tornGroups).toEqual([]);
  });

  it('tears a group apart that exceeds a message by itself, and says so', () => {
    const items = ['function-key-def', 'key-label-unicode', 'select-dial'].map((name) => plain(name, '1', 3));
    const { parts, tornGroups } = splitWriteItems(items, { maxBytes: 50_000, maxItems: 2 });
    expect(parts.map((part) => part.length)).toEqual([2, 1]);
    expect(tornGroups).toEqual(['key[3]']);
  });

  it('sets an item aside that no message can carry, at one byte over the limit', () => {
    const frame = itemBytes(plain('reg-addr', ''));
    const fitting = plain('reg-addr', 'x'.repeat(5_000 - EMPTY_MESSAGE_BYTES - frame));
    expect(splitWriteItems([fitting], { maxBytes: 5_000 }).parts).toEqual([[fitting]]);
    const over = plain('reg-addr', `${fitting.value}x`);
    expect(splitWriteItems([over, plain('a', 'b')], { maxBytes: 5_000 })).toMatchObject({
      parts: [[plain('a', 'b')]],
      oversized: [over],
    });
  });

  it('stays within the limits, loses nothing and keeps groups whole, whatever the items are', () => {
    const name = fc.constantFrom(
      'sntp-addr',
      'function-key-def',
      'select-dial',
      'XML-app-name',
      'wbm-server-certificate',
      'x<&"',
    );
    const item: fc.Arbitrary<OrderItem> = fc.record({
      name,
      index: fc.option(fc.nat(3), { nil: undefined }),
      value: fc.string({ unit: 'binary', maxLength: 300 }),
    });
    const nonce = fc.string({ unit: 'binary', maxLength: MAX_NONCE_LENGTH - 1 }).map((text) => `n${text}`);
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 60 }),
        fc.integer({ min: 1_300, max: 9_000 }),
        fc.integer({ min: -1, max: 9 }),
        nonce,
        fc.boolean(),
        (items, maxBytes, maxItems, text, legacy) => {
          const { parts, oversized, tornGroups } = splitWriteItems(items, { maxBytes, maxItems });
          expect(splitWriteItems(items, { maxBytes, maxItems }).parts).toEqual(parts);
          for (const part of parts) {
            expect(documentBytes(part, text, legacy)).toBeLessThanOrEqual(maxBytes);
            expect(part.length).toBeGreaterThan(0);
            if (maxItems > 0) expect(part.length).toBeLessThanOrEqual(maxItems);
          }
          const sent = parts.flat();
          expect([...sent, ...oversized].sort(byIdentity)).toEqual([...items].sort(byIdentity));
          for (const key of new Set(items.map((i) => itemKey(i.name, i.index)))) {
            const only = (list: readonly OrderItem[]) =>
              list.filter((i) => itemKey(i.name, i.index) === key && !oversized.includes(i));
            expect(only(sent)).toEqual(only(items));
          }
          for (const group of new Set(items.map((i) => togetherGroup(i)))) {
            if (group === undefined || tornGroups.includes(group)) continue;
            expect(parts.filter((part) => part.some((i) => togetherGroup(i) === group)).length).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });
});

function byIdentity(a: OrderItem, b: OrderItem): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
