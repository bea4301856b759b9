import type { ConformanceCase } from '../../conformance-case.js';
import { ROOT_START } from '../../phone/message-text.js';
import { survives, survivesStartUp } from './survives.js';

/** A start-up under another identity. */
function survivesMac(id: string, title: string, mac: string): ConformanceCase {
  return survivesStartUp(id, title, ({ list }, phone) => ({ list: list.replace(phone.mac, mac) }), '3.3');
}

const start = (attributes: string): string => `${ROOT_START}<Message ${attributes}>`;
const END = '</Message></WorkpointMessage>';
const REASON = '<ReasonForContact>start-up</ReasonForContact>';

/** Well-formed documents that say something wrong. */
export const HOSTILE_CONTENTS: readonly ConformanceCase[] = [
  survives('other-root', 'another root', '<Hello xmlns="http://www.siemens.com/DLS"/>', '2.1'),
  survives(
    'soap',
    'a SOAP message',
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
    '2.1',
  ),
  survives(
    'service-message',
    "a service's own message",
    `<DLSMessage xmlns="http://www.siemens.com/DLS"><Message nonce="A1"><Action>Restart</Action></Message></DLSMessage>`,
    '2.2',
  ),
  survives('no-message', 'a root without Message', `${ROOT_START}</WorkpointMessage>`, '2.1'),
  survives('no-nonce', 'a message without nonce', `${start('maxItems="-1"')}${REASON}${END}`, '2.2; M p.28'),
  survives('empty-nonce', 'a message with an empty nonce', `${start('nonce=""')}${REASON}${END}`, '2.2; M p.28'),
  survives('no-reason', 'a message without reason', `${start('nonce="A1"')}${END}`, '2.1'),
  survives(
    'no-identity',
    'a first message without mac-addr',
    `${start('nonce="A1"')}${REASON}<ItemList/>${END}`,
    '3.1; M p.27',
  ),
  survivesStartUp('two-messages', 'two Message elements', ({ messageEnd }, phone) => ({
    messageEnd: `${messageEnd}<Message nonce="${phone.nextNonce()}">${REASON}</Message>`,
  })),
  survivesStartUp('two-reasons', 'two reasons', ({ reason }) => ({
    reason: `${reason}<ReasonForContact>clean-up</ReasonForContact>`,
  })),
  survivesStartUp(
    'list-outside',
    'an ItemList outside Message',
    ({ list, messageEnd }) => ({ list: '', messageEnd: `${messageEnd}${list}` }),
    '2.1; 2.5',
  ),
  survivesStartUp(
    'long-nonce',
    'a nonce of 100 kB',
    () => ({ messageStart: `<Message nonce="${'A'.repeat(100_000)}">` }),
    '2.3',
  ),
  survivesMac('mac-empty', 'an empty MAC', ''),
  survivesMac('mac-path', 'a MAC that looks like a path', '../../../../etc/passwd'),
  survivesMac('mac-statement', 'a MAC that looks like SQL', "'; DROP TABLE device; --"),
  survivesMac('mac-markup', 'a MAC that looks like markup', '&lt;script&gt;alert(1)&lt;/script&gt;'),
  survivesMac('mac-line-feeds', 'a MAC with line feeds in it', '02:4F:44&#10;Set-Cookie: x=y&#13;&#10;:00:00:01'),
  survivesMac('mac-long', 'a MAC of 100 kB', '0'.repeat(100_000)),
  survivesMac('mac-letters', 'a MAC that is no MAC', 'ZZ:ZZ:ZZ:ZZ:ZZ:ZZ'),
  survivesStartUp(
    'two-macs',
    'two MACs',
    ({ list }, phone) => ({
      list: list.replace('</ItemList>', `<Item name="mac-addr">${phone.mac.replace('02', '06')}</Item></ItemList>`),
    }),
    '3.3',
  ),
  survivesStartUp(
    'prototype-names',
    'item names that mean something to JavaScript',
    ({ list }) => ({
      list: list.replace(
        '</ItemList>',
        '<Item name="__proto__">x</Item><Item name="constructor">y</Item><Item name="toString" index="0">z</Item></ItemList>',
      ),
    }),
    '6.1',
  ),
  survivesStartUp(
    'huge-index',
    'an index beyond all numbers',
    ({ list }) => ({
      list: list.replace(
        '</ItemList>',
        '<Item name="function-key-def" index="99999999999999999999">0</Item><Item name="reg-port" index="-1">1</Item></ItemList>',
      ),
    }),
    '6.1',
  ),
  survivesStartUp(
    'contact-uri-elsewhere',
    'a contact-me-uri that leads elsewhere',
    ({ list }) => ({ list: list.replace(/http:\/\/192[^<]*/, 'file:///etc/passwd') }),
    '3.3',
  ),
];
