import { must, should, type Chapter, type ConformanceCase } from '../conformance-case.js';
import type { MessageText, PhoneItem } from '../phone/message-text.js';
import type { Phone } from '../phone/phone.js';

type Change = (text: MessageText, phone: Phone) => Partial<MessageText>;

/** A start-up written in another way, to be understood like any other. */
function written(make: typeof must, id: string, clause: string, title: string, change: Change): ConformanceCase {
  return make(`xml/${id}`, clause, title, (t) =>
    t.understood((phone) => {
      const { nonce, text } = phone.initial('start-up');
      return { nonce, text: { ...text, ...change(text, phone) } };
    }),
  );
}

/** A start-up with further items, to be understood like any other. */
function withItems(
  make: typeof must,
  id: string,
  clause: string,
  title: string,
  ...items: PhoneItem[]
): ConformanceCase {
  return make(`xml/${id}`, clause, title, (t) => t.understood((phone) => phone.initial('start-up', items)));
}

/** A start-up whose list has something added at its end. */
function withInList(make: typeof must, id: string, clause: string, title: string, addition: string): ConformanceCase {
  return written(make, id, clause, title, ({ list }) => ({
    list: list.replace('</ItemList>', `${addition}</ItemList>`),
  }));
}

const NAMESPACE = 'http://www.siemens.com/DLS';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** Every item of the example of a current firmware (M p.33, 40). */
const FULL_START_UP: readonly PhoneItem[] = [
  { name: 'backlight-type', value: '1' },
  { name: 'bootstrapping-tan', value: '' },
  { name: 'slog-archive-me', value: 'false' },
  { name: 'fault-report-admin-pwd', value: 'false' },
  { name: 'fault-time-admin-pwd', value: '' },
  { name: 'cloud-pin-value', value: 'failure' },
];

const prefixed = (text: string): string => text.replace(/<(\/?)(?=[A-Z])/g, '<$1d:');

const FORM: readonly ConformanceCase[] = [
  written(must, 'prolog', '1.2.5; M p.33', 'with a prolog', () => ({})),
  written(must, 'no-prolog', '1.2.5', 'without a prolog', () => ({ prolog: '' })),
  written(should, 'prolog-single-quotes', '1.2.5', 'a prolog in single quotes', () => ({
    prolog: "<?xml version='1.0' encoding='UTF-8'?>",
  })),
  written(should, 'prolog-without-encoding', '1.2.5; M p.30', 'a prolog without encoding means UTF-8', () => ({
    prolog: '<?xml version="1.0"?>\n',
  })),
  written(should, 'prolog-standalone', '1.2.5', 'a prolog with standalone', () => ({
    prolog: '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
  })),
  written(should, 'leading-line-feed', '1.2.5', 'a line feed before the root', () => ({ prolog: '\n' })),
  written(should, 'byte-order-mark', '1.2.5', 'a byte order mark', ({ prolog }) => ({ prolog: `\uFEFF${prolog}` })),
  written(must, 'root-attribute-order', '2.1', 'the attributes of the root in another order', () => ({
    rootStart: `<WorkpointMessage xsi:schemaLocation="${NAMESPACE}" xmlns:xsi="${XSI}" xmlns="${NAMESPACE}">`,
  })),
  written(must, 'message-attribute-order', '2.1', 'maxItems before nonce', ({ messageStart }) => ({
    messageStart: messageStart.replace(/( nonce="[^"]*")( maxItems="[^"]*")/, '$2$1'),
  })),
  written(must, 'item-attribute-order', '2.1; M p.33', 'status and index before name', ({ list }) => ({
    list: list.replace('</ItemList>', '<Item status="failed" index="1" name="function-key-def"></Item></ItemList>'),
  })),
  written(must, 'single-quotes', '2.1', 'attributes in single quotes', ({ messageStart, list }) => ({
    messageStart: messageStart.replaceAll('"', "'"),
    list: list.replaceAll('"', "'"),
  })),
  written(must, 'blanks-in-tags', '2.1', 'blanks and line feeds inside tags', ({ messageStart, list }) => ({
    messageStart: messageStart.replaceAll('="', '\n  = "').replace('>', ' >'),
    list: list.replaceAll(' name="', '\n\t name = "').replaceAll('</Item>', '</Item >'),
  })),
  written(must, 'no-white-space', '2.1', 'everything in one line', ({ rootStart, list }) => ({
    rootStart: rootStart.replace(/\s+/g, ' '),
    list: list.replace(/>\s+</g, '><'),
  })),
  written(must, 'carriage-returns', '2.1', 'lines that end with CR LF', ({ rootStart, list }) => ({
    rootStart: rootStart.replaceAll('\n', '\r\n'),
    list: list.replaceAll('\n', '\r\n'),
  })),
  written(must, 'tabs', '2.1', 'indented by tabs', ({ list }) => ({ list: list.replaceAll('      ', '\t\t\t') })),
  written(must, 'reason-in-white-space', '2.1; M p.33, 45', 'a reason between line feeds', ({ reason }) => ({
    reason: reason.replace('start-up', '\nstart-up\n'),
  })),
  written(must, 'value-in-white-space', '2.1; M p.33', 'values between line feeds', ({ list }) => ({
    list: list.replace(/(name="(?:contact-me-uri|mac-addr|e164)">)([^<]*)/g, '$1\n$2\n'),
  })),
  written(must, 'mac-in-white-space', '2.1', 'a MAC between blanks is that MAC', ({ list }, phone) => ({
    list: list.replace(phone.mac, `  ${phone.mac}\t`),
  })),
  written(should, 'comment-before-root', '2.5', 'a comment before the root', ({ prolog }) => ({
    prolog: `${prolog}<!-- phone -->`,
  })),
  written(should, 'comment-in-message', '2.5', 'a comment in Message', ({ reason }) => ({
    reason: `${reason}<!-- <Item/> -->`,
  })),
  written(should, 'comment-in-list', '2.5', 'a comment in ItemList', ({ list }) => ({
    list: list.replace('<Item ', '<!-- & --><Item '),
  })),
  written(should, 'cdata', '2.1', 'values in CDATA sections', ({ list }) => ({
    list: list.replace(/(name="(?:device-type|mac-addr)">)([^<]*)/g, '$1<![CDATA[$2]]>'),
  })),
  written(must, 'namespace-on-root', '2.1; M p.33', 'the namespace on the root', () => ({})),
  written(should, 'no-namespace', '2.1; 2.5', 'no namespace at all', () => ({ rootStart: '<WorkpointMessage>' })),
  written(should, 'placeholder-namespace', '2.1; M p.34', 'the placeholder domain of one example', ({ rootStart }) => ({
    rootStart: rootStart.replaceAll('www.siemens.com', 'www.example.com'),
  })),
  written(should, 'schema-location-pair', '2.1', 'schemaLocation as a pair', ({ rootStart }) => ({
    rootStart: rootStart.replace(`schemaLocation="${NAMESPACE}"`, `schemaLocation="${NAMESPACE} DLS.xsd"`),
  })),
  written(should, 'no-schema-location', '2.1', 'no schemaLocation', () => ({
    rootStart: `<WorkpointMessage xmlns="${NAMESPACE}">`,
  })),
  written(should, 'prefixed-namespace', '2.1', 'elements with a namespace prefix', (text) => ({
    rootStart: `<d:WorkpointMessage xmlns:d="${NAMESPACE}">`,
    messageStart: prefixed(text.messageStart),
    reason: prefixed(text.reason),
    list: prefixed(text.list),
    messageEnd: prefixed(text.messageEnd),
    rootEnd: prefixed(text.rootEnd),
  })),
];

const CONTENT: readonly ConformanceCase[] = [
  withInList(
    must,
    'empty-element',
    '2.1; M p.33',
    'an empty item as <Item/>',
    '<Item status="failed" name="user-pwd-unicode"/>',
  ),
  withInList(
    must,
    'empty-element-pair',
    '2.1; M p.33',
    'an empty item as <Item></Item>',
    '<Item name="bootstrapping-tan"></Item>',
  ),
  withItems(must, 'entities', '6.5', 'the five entities of XML', { name: 'display-id', value: `A&B <C> "D" 'E'` }),
  withInList(
    must,
    'character-references',
    '6.5',
    'numeric character references',
    '<Item name="display-id">&#66;&#xFC;ro&#39;s</Item>',
  ),
  withItems(must, 'umlauts', '1.2.5; M p.30', 'umlauts in UTF-8', {
    name: 'display-id-unicode',
    value: 'Büro Süd ÄÖÜß',
  }),
  withItems(must, 'cjk', '1.2.5; M p.30', 'Chinese and Cyrillic in UTF-8', {
    name: 'display-id-unicode',
    value: '大厅 Зал',
  }),
  withItems(must, 'astral', '1.2.5', 'characters of four bytes', { name: 'display-id-unicode', value: 'Empfang 📞' }),
  withItems(must, 'combining', '1.2.5', 'combining and right-to-left characters', {
    name: 'display-id-unicode',
    value: 'u\u0308 \u05E9\u05DC\u05D5\u05DD',
  }),
  withItems(must, 'line-feeds-in-value', '2.1; 6.4', 'a value of several lines', {
    name: 'dls-server-ca',
    index: 0,
    value: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  }),
  withItems(must, 'long-value', '6.4', 'a value of 8,000 characters', {
    name: 'userdata-phonebook',
    index: 1,
    value: 'QUJD'.repeat(2_000),
  }),
  withItems(must, 'index-zero', '6.1', 'index 0', { name: 'feature-availability', index: 0, value: 'true' }),
  withItems(must, 'large-index', '6.1', 'an index above 1,000', { name: 'function-key-def', index: 1301, value: '0' }),
  withItems(must, 'unreadable-items', '3.3; M p.33, 38', 'items that the phone cannot read, with status failed', {
    name: 'gigabit-ethernet',
    value: '',
    status: 'failed',
  }),
  withItems(must, 'unknown-item', '3.3; 6.1', 'an item that no catalogue has', {
    name: 'item-of-tomorrow',
    value: '1',
  }),
  withItems(
    must,
    'upper-case-names',
    '6.1',
    'names with upper-case letters',
    { name: 'XML-app-name', index: 1, value: 'a' },
    { name: 'MWI-new-show', value: 'true' },
  ),
  withItems(should, 'unknown-item-status', '6.2', 'an item status that is not in the list', {
    name: 'reg-addr',
    value: '',
    status: 'on fire',
  }),
  withItems(should, 'item-status-with-hyphen', '6.2; M p.83', 'read-only for read only, in any case', {
    name: 'reg-addr',
    value: '',
    status: 'Read-Only',
  }),
  withItems(
    should,
    'duplicate-items',
    '6.1',
    'one item twice',
    { name: 'reg-port', value: '5060' },
    { name: 'reg-port', value: '5061' },
  ),
  withItems(
    must,
    'values-like-numbers',
    '6.4',
    'values that look like other numbers',
    { name: 'emergency-number', value: '0112' },
    { name: 'display-id', value: '1e3' },
  ),
  withInList(
    must,
    'type-attribute',
    '6.1; M p.26',
    'the unused attribute type',
    '<Item name="reg-port" type="text">5060</Item>',
  ),
  withInList(
    should,
    'unknown-item-attribute',
    '2.1',
    'an unknown attribute of an item',
    '<Item name="reg-port" colour="red">5060</Item>',
  ),
  written(should, 'unknown-message-attribute', '2.1', 'an unknown attribute of Message', ({ messageStart }) => ({
    messageStart: messageStart.replace('<Message', '<Message colour="red"'),
  })),
  written(should, 'unknown-element-in-message', '2.1', 'an unknown element in Message', ({ reason }) => ({
    reason: `${reason}<Mood>good</Mood>`,
  })),
  withInList(should, 'unknown-element-in-list', '2.1', 'an unknown element in ItemList', '<Thing name="x">1</Thing>'),
  withInList(should, 'item-without-name', '6.1', 'an item without name', '<Item>1</Item>'),
  withInList(
    should,
    'odd-index',
    '6.1',
    'an index that is no number',
    '<Item name="function-key-def" index="one">0</Item>',
  ),
  withItems(must, 'full-start-up', '3.3; M p.33, 40', 'every item of a current firmware', ...FULL_START_UP),
];

const PHONES: readonly ConformanceCase[] = [
  must('xml/minimum-items', '3.3; M p.27', 'no more items than are guaranteed', (t) =>
    t.understood((phone) => {
      const items = [
        { name: 'contact-me-uri', value: 'http://192.0.2.32:8085/contact_dls.html/ContactDLS' },
        { name: 'mac-addr', value: phone.mac },
        { name: 'e164', value: phone.traits.e164 },
      ];
      return phone.message({ reason: 'start-up', items });
    }),
  ),
  must(
    'xml/old-start-up',
    '3.3; M p.33, 38',
    'the first message of old firmware: no maxItems, no version, user-pwd',
    (t) =>
      t.understood((phone) => {
        const items = [
          { name: 'device-type', value: 'OpenStage 40' },
          { name: 'gigabit-ethernet', value: '', status: 'failed' },
          { name: 'contact-me-uri', value: 'http://192.0.2.32:8085/contact_dls.html/ContactDLS' },
          { name: 'mac-addr', value: phone.mac },
          { name: 'configuration-changed-flag', value: 'true' },
          { name: 'e164', value: phone.traits.e164 },
          { name: 'user-pwd', value: '000000' },
          { name: 'user-pwd-unicode', value: '', status: 'failed' },
        ];
        return phone.message({ reason: 'start-up', maxItems: null, items });
      }),
  ),
  ...(
    [
      [must, 'max-items-absent', null, 'no maxItems'],
      [must, 'max-items-unlimited', '-1', 'maxItems -1'],
      [must, 'max-items-one', '1', 'maxItems 1'],
      [must, 'max-items-150', '150', 'maxItems 150'],
      [should, 'max-items-zero', '0', 'maxItems 0'],
      [should, 'max-items-no-number', 'many', 'a maxItems that is no number'],
    ] as const
  ).map(([make, id, maxItems, title]) =>
    make(`xml/${id}`, '2.2; M p.28', title, (t) =>
      t.understood(
        (phone) => phone.initial('start-up'),
        (phone) => (phone.maxItems = maxItems),
      ),
    ),
  ),
  should('xml/lower-case-mac', '3.3', 'a MAC in lower case', (t) =>
    t.understood((phone) => phone.initial('start-up', [{ name: 'mac-addr', value: phone.mac.toLowerCase() }])),
  ),
  should('xml/identity-without-mac', '3.3', 'a soft client whose identity is no MAC', async (t) => {
    const phone = t.phone();
    const identity = `soft-client-${phone.traits.e164}`;
    phone.store.write({ name: 'mac-addr', value: identity });
    await t.walk(phone, phone.initial('start-up', [{ name: 'mac-addr', value: identity }]));
  }),
];

export const XML: Chapter = {
  name: 'xml',
  title: 'Grammar of phone messages',
  cases: [...FORM, ...CONTENT, ...PHONES],
};
