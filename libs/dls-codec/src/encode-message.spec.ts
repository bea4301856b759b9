import { decodeMessage } from './decode-message.js';
import { encodeDlsMessage, encodeWorkpointMessage } from './encode-message.js';
import type { Item } from './items/item.js';
import type { DlsMessage } from './messages/dls-message.js';
import type { WorkpointMessage } from './messages/workpoint-message.js';

const frame = encodeDlsMessage({ kind: 'dls', nonce: 'A1', action: 'WriteItems', items: [] });

function itemsOf(items: readonly Item[], legacyEntities = false): string {
  const text = encodeDlsMessage({ kind: 'dls', nonce: 'A1', action: 'WriteItems', items }, { legacyEntities });
  return text.slice(text.indexOf('<ItemList>') + '<ItemList>'.length, text.indexOf('</ItemList>'));
}

it('writes the declarations that every message carries', () => {
  expect(frame).toBe(
    '<?xml version="1.0" encoding="UTF-8"?><DLSMessage xmlns="http://www.siemens.com/DLS" ' +
      'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.siemens.com/DLS">' +
      '<Message nonce="A1"><Action>WriteItems</Action><ItemList/></Message></DLSMessage>',
  );
});

it('tells no list from an empty one', () => {
  const message: DlsMessage = { kind: 'dls', nonce: 'A1', action: 'CleanUp' };
  expect(encodeDlsMessage(message)).not.toContain('ItemList');
  expect(encodeDlsMessage({ ...message, items: [] })).toContain('<ItemList/>');
});

it('writes index 0, and no index', () => {
  expect(
    itemsOf([
      { name: 'a', index: 0, value: '' },
      { name: 'a', value: '' },
    ]),
  ).toBe('<Item name="a" index="0"/><Item name="a"/>');
});

it('echoes a nonce escaped', () => {
  const nonce = '"/><Action>Restart</Action>&\n\'';
  const text = encodeDlsMessage({ kind: 'dls', nonce, action: 'CleanUp' });
  expect(decodeMessage(new TextEncoder().encode(text))).toMatchObject({
    ok: true,
    message: { nonce, action: 'CleanUp' },
  });
});

it('writes for firmware without entities in values, names and nonce alike', () => {
  expect(itemsOf([{ name: 'a&b', value: '<Tom & "Jerry">' }], true)).toBe('<Item name="a+b">Tom + "Jerry"</Item>');
});

it.each([-1, 1.5, NaN, Infinity, 1_000_000_000])('throws for the index %d', (index) => {
  expect(() => itemsOf([{ name: 'a', index, value: '' }])).toThrow(TypeError);
});

it.each(['', '\u0000'])('throws for the item name %j', (name) => {
  expect(() => itemsOf([{ name, value: '' }])).toThrow(TypeError);
});

describe("a phone's message", () => {
  const message: WorkpointMessage = {
    kind: 'workpoint',
    nonce: 'A1',
    fragment: 'final',
    reason: 'start-up',
    items: [],
  };

  it('names its last fragment only inside an interaction', () => {
    expect(encodeWorkpointMessage(message)).not.toContain('fragment');
    expect(encodeWorkpointMessage({ ...message, reason: 'reply-to' })).toContain('fragment="final"');
    expect(encodeWorkpointMessage({ ...message, fragment: 'next' })).toContain('fragment="next"');
  });

  it('has an empty list when everything was stored, and none when the phone was busy', () => {
    const reply: WorkpointMessage = { ...message, reason: 'reply-to', action: 'WriteItems' };
    expect(encodeWorkpointMessage({ ...reply, status: 'accepted' })).toContain('<ItemList/>');
    expect(encodeWorkpointMessage({ ...reply, status: 'busy' })).not.toContain('ItemList');
  });
});

it('echoes the nonce as it came also to firmware without entities', () => {
  const nonce = `<&"'>4891`;
  const xml = encodeDlsMessage({ kind: 'dls', nonce, action: 'CleanUp' }, { legacyEntities: true });
  const decoded = decodeMessage(new TextEncoder().encode(xml));
  expect(decoded).toMatchObject({ ok: true, message: { nonce } });
});
