import fc from 'fast-check';
import { decodeMessage } from './decode-message.js';
import { encodeDlsMessage, encodeWorkpointMessage } from './encode-message.js';
import type { Item } from './items/item.js';
import type { DlsMessage } from './messages/dls-message.js';
import type { WorkpointMessage } from './messages/workpoint-message.js';
import {
  ACTIONS,
  findAction,
  findItemStatus,
  findReason,
  findReplyStatus,
  ITEM_STATUSES,
  REASONS,
  REPLY_STATUSES,
} from './protocol-names.js';

/** What is left of a text in XML: written once more, character by character, not taken from the code under test. */
function carried(text: string): string {
  return [...text]
    .filter((character) => {
      const code = character.codePointAt(0) ?? 0;
      if (code < 0x20) return code === 9 || code === 10 || code === 13;
      return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
    })
    .join('');
}

function trimmed(text: string): string {
  return carried(text)
    .replace(/^[ \t\r\n]+/, '')
    .replace(/[ \t\r\n]+$/, '');
}

// Any UTF-16, unpaired surrogates and control characters included, with plenty of what XML treats specially.
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: fc.constantFrom(...'<>&"\'; \n\r\t]-#x0a\u0000\ud800\udc00ü'), maxLength: 30 }),
);
const word = text.filter((value) => trimmed(value) !== '');

const item: fc.Arbitrary<Item> = fc
  .record({
    name: text.filter((name) => carried(name) !== ''),
    place: fc.oneof(
      fc.constant({}),
      fc.nat({ max: 999_999_999 }).map((index) => ({ index })),
      text.filter((value) => !/^\s*\d{1,9}\s*$/.test(carried(value))).map((indexText) => ({ indexText })),
    ),
    value: text,
    status: fc.oneof(
      fc.constant({}),
      fc.constantFrom(...ITEM_STATUSES).map((status) => ({ status })),
      word
        .filter((value) => findItemStatus(carried(value)) === undefined)
        .map((statusText) => ({ status: 'undefined status' as const, statusText })),
    ),
    type: fc.oneof(
      fc.constant({}),
      text.map((type) => ({ type })),
    ),
  })
  .map(({ name, place, value, status, type }) => ({ name, ...place, value, ...status, ...type }));

const items = fc.array(item, { maxLength: 8 });
const nonce = text.filter((value) => carried(value) !== '');

const dlsMessage: fc.Arbitrary<DlsMessage> = fc
  .record({
    nonce,
    action: fc.oneof(
      fc.constantFrom(...ACTIONS).map((action) => ({ action })),
      text
        .filter((value) => findAction(carried(value)) === undefined)
        .map((actionText) => ({ action: 'unknown' as const, actionText: trimmed(actionText) })),
    ),
    list: fc.oneof(
      fc.constant({}),
      items.map((list) => ({ items: list })),
    ),
  })
  .map(({ nonce: value, action, list }) => ({ kind: 'dls', nonce: value, ...action, ...list }));

const workpointMessage: fc.Arbitrary<WorkpointMessage> = fc
  .record({
    nonce,
    maxItems: fc.oneof(
      fc.constant({}),
      fc.integer({ min: -1, max: 999_999_999 }).map((maxItems) => ({ maxItems })),
    ),
    fragment: fc.constantFrom('next' as const, 'final' as const),
    reason: fc.oneof(
      fc.constantFrom(...REASONS).map((reason) => ({ reason })),
      text
        .filter((value) => findReason(carried(value)) === undefined)
        .map((reasonText) => ({ reason: 'unknown' as const, reasonText: trimmed(reasonText) })),
    ),
    action: fc.oneof(
      fc.constant({}),
      fc.constantFrom(...ACTIONS).map((action) => ({ action })),
      text
        .filter((value) => findAction(carried(value)) === undefined)
        .map((actionText) => ({ action: 'unknown' as const, actionText })),
    ),
    status: fc.oneof(
      fc.constant({}),
      fc.constantFrom(...REPLY_STATUSES).map((status) => ({ status })),
      text
        .filter((value) => findReplyStatus(carried(value)) === undefined)
        .map((statusText) => ({ status: 'unknown' as const, statusText })),
    ),
    list: items,
  })
  .map(({ nonce: value, maxItems, fragment, reason, action, status, list }) => ({
    ...{ kind: 'workpoint', nonce: value, ...maxItems, fragment, ...reason, ...action, ...status, items: list },
  }));

/** What a message is after its way through XML: the same but for characters XML cannot carry and outer white space. */
function cleaned<Message extends DlsMessage | WorkpointMessage>(message: Message): Message {
  const clean = Object.fromEntries(
    Object.entries(message).map(([key, value]) => [
      key,
      typeof value === 'string' ? carried(value) : (value as unknown),
    ]),
  );
  if (message.items !== undefined) clean['items'] = message.items.map(cleanedItem);
  return clean as unknown as Message;
}

function cleanedItem(original: Item): Item {
  const texts = Object.entries(original).map(([key, value]) => [
    key,
    typeof value === 'string' ? carried(value) : (value as unknown),
  ]);
  return { ...(Object.fromEntries(texts) as unknown as Item), value: trimmed(original.value) };
}

function decoded(xml: string): unknown {
  const result = decodeMessage(new TextEncoder().encode(xml));
  if (!result.ok) throw new Error(`${result.error.code} at ${result.error.offset} of ${xml}`);
  return result.message;
}

it("returns every service's message as it was, less what XML cannot carry", () => {
  fc.assert(
    fc.property(dlsMessage, (message) => {
      expect(decoded(encodeDlsMessage(message))).toStrictEqual(cleaned(message));
    }),
    { numRuns: 1_000 },
  );
});

it("returns every phone's message as it was, less what XML cannot carry", () => {
  fc.assert(
    fc.property(workpointMessage, (message) => {
      expect(decoded(encodeWorkpointMessage(message))).toStrictEqual(cleaned(message));
    }),
    { numRuns: 1_000 },
  );
});

it('writes the same text for a message that came back', () => {
  fc.assert(
    fc.property(dlsMessage, (message) => {
      const once = encodeDlsMessage(message);
      expect(encodeDlsMessage(decoded(once) as DlsMessage)).toBe(once);
    }),
    { numRuns: 300 },
  );
});

it('writes neither brackets nor ampersands in values for firmware without entities', () => {
  fc.assert(
    fc.property(text, (value) => {
      const message: DlsMessage = { kind: 'dls', nonce: 'A', action: 'WriteItems', items: [{ name: 'a', value }] };
      const expected = trimmed(trimmed(value).replace(/[<>]/g, '').replaceAll('&', '+').replace(/\r\n?/g, '\n'));
      const xml = encodeDlsMessage(message, { legacyEntities: true });
      expect(xml).not.toMatch(/&(?!quot;)/);
      expect(decoded(xml)).toStrictEqual({ ...message, items: [{ name: 'a', value: expected }] });
    }),
    { numRuns: 300 },
  );
});
