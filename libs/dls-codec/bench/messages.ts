import { encodeWorkpointMessage, type DlsMessage, type Item, type WorkpointMessage } from '../src/index.js';

const KNOWN_ITEMS: readonly (readonly [string, string])[] = [
  ['device-type', 'OpenStage 60'],
  ['related-device-type', 'OpenStage 60'],
  ['gigabit-ethernet-enabled', 'false'],
  ['software-type', 'Siemens SIP'],
  ['related-software-type', 'Siemens SIP'],
  ['software-version', 'V3 R4.11.0'],
  ['related-software-version', 'V3 R4.11.0'],
  ['contact-me-uri', '\nhttp://192.0.2.31:8085/contact_dls.html/ContactDLS\n'],
  ['configuration-changed-flag', 'false'],
  ['part-number', 'S30817-S7403-A101-022'],
  ['sip-mobility-state', '1'],
  ['mobility-enabled', 'true'],
];

function macOf(phone: number): string {
  return `00:1A:E8:00:${(phone >> 8).toString(16).padStart(2, '0')}:${(phone & 255).toString(16).padStart(2, '0')}`.toUpperCase();
}

function nonceOf(phone: number): string {
  return (0x3c90e1b7 + phone).toString(16).toUpperCase().padStart(8, '0').repeat(4);
}

/** A start-up as a phone writes it: 30 items, indented, with a declaration. */
export function startUpBytes(phone: number): Uint8Array {
  const items = [...KNOWN_ITEMS, ['mac-addr', macOf(phone)], ['e164', String(4989100000 + phone)]];
  for (let at = items.length; at < 30; at++)
    items.push([`fault-report-entry-${at}`, at % 3 === 0 ? '' : String(phone * at)]);
  const lines = items.map(([name, value]) => `      <Item name="${name}">${value}</Item>`);
  return new TextEncoder().encode(`<?xml version="1.0" encoding="utf-8"?>
<WorkpointMessage xmlns="http://www.siemens.com/DLS"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.siemens.com/DLS">
  <Message nonce="${nonceOf(phone)}" maxItems="-1">
    <ReasonForContact>start-up</ReasonForContact>
    <ItemList>
${lines.join('\n')}
    </ItemList>
  </Message>
</WorkpointMessage>
`);
}

function keyItems(count: number, phone: number): Item[] {
  return Array.from({ length: count }, (_, at) => ({
    name: ['function-key-def', 'select-dial', 'key-label-unicode'][at % 3] ?? '',
    index: 1 + Math.floor(at / 3),
    value: at % 3 === 2 ? `Büro & Lager ${phone + at}` : String(phone * 100 + at),
  }));
}

/** A part of a long reply, about as large as a message may be. */
export function replyBytes(phone: number): Uint8Array {
  const message: WorkpointMessage = {
    kind: 'workpoint',
    nonce: nonceOf(phone),
    maxItems: -1,
    fragment: 'next',
    reason: 'reply-to',
    action: 'ReadAllItems',
    status: 'accepted',
    items: keyItems(700, phone),
  };
  return new TextEncoder().encode(encodeWorkpointMessage(message));
}

export function writeItems(phone: number): DlsMessage {
  return { kind: 'dls', nonce: nonceOf(phone), action: 'WriteItems', items: keyItems(150, phone) };
}

export function cleanUp(phone: number): DlsMessage {
  return { kind: 'dls', nonce: nonceOf(phone), action: 'CleanUp' };
}
