import { ACTIONS, findAction } from '@opendls/dls-codec';
import { check, must, should, type Chapter, type ConformanceCase } from '../conformance-case.js';
import type { Understood } from '../phone/converse.js';
import { findMessageElement, rootElements, type RawElement } from '../phone/service-message.js';

const NAMESPACE = 'http://www.siemens.com/DLS';
const MAX_BYTES = 50_000;

/** Something that holds for every answer of a contact. */
function everyMessage(
  make: typeof must,
  id: string,
  clause: string,
  title: string,
  verify: (root: RawElement, answer: Understood) => void,
): ConformanceCase {
  return make(`service/${id}`, clause, title, async (t) => {
    const { answers } = await t.contact(t.phone());
    for (const answer of answers) {
      const root = findMessageElement(rootElements(answer.wire));
      check(root !== undefined, 'a DLSMessage', 'none');
      verify(root, answer);
    }
  });
}

const localName = ({ name }: RawElement): string => name.replace(/^.*:/, '');
const named = (element: RawElement | undefined, name: string): readonly RawElement[] =>
  (element?.children ?? []).filter((child) => localName(child) === name);
const messageOf = (root: RawElement): RawElement | undefined => named(root, 'Message')[0];
const itemsOf = (root: RawElement): readonly RawElement[] => named(named(messageOf(root), 'ItemList')[0], 'Item');

/** The namespace an element is in by its own declarations: all a message with one root needs. */
function namespaceOf(root: RawElement): string | undefined {
  const prefix = root.name.includes(':') ? root.name.replace(/:.*$/, '') : undefined;
  return root.attributes[prefix === undefined ? 'xmlns' : `xmlns:${prefix}`];
}

const attributesOf = (element: RawElement | undefined): string => Object.keys(element?.attributes ?? {}).join(', ');

export const SERVICE_MESSAGES: Chapter = {
  name: 'service',
  title: 'Service messages',
  cases: [
    must('service/well-formed', '2.1', 'every answer is well-formed XML', async (t) => {
      const { answers } = await t.contact(t.phone());
      for (const { read } of answers) check(read.ok, 'well-formed XML', read.ok ? '' : read.problem);
    }),
    everyMessage(must, 'root-name', '2.2; M p.27, 34', 'the root is DLSMessage, or a signature that holds it', (root) =>
      check(localName(root) === 'DLSMessage', 'DLSMessage', root.name),
    ),
    everyMessage(must, 'root-namespace', '2.1; M p.33', 'the root is in the namespace of the protocol', (root) => {
      const namespace = namespaceOf(root);
      check(namespace === NAMESPACE, NAMESPACE, namespace ?? 'no namespace');
    }),
    everyMessage(should, 'schema-location', '2.1; M p.33', 'the root has a schemaLocation', (root) => {
      const has = Object.keys(root.attributes).some((name) => name.endsWith(':schemaLocation'));
      check(has, 'xsi:schemaLocation', attributesOf(root));
    }),
    everyMessage(must, 'one-message', '2.1', 'there is exactly one Message', (root) => {
      const { length } = named(root, 'Message');
      check(length === 1, 'one Message', `${length}`);
    }),
    everyMessage(must, 'one-action', '2.1', 'there is exactly one Action', (root) => {
      const { length } = named(messageOf(root), 'Action');
      check(length === 1, 'one Action', `${length}`);
    }),
    everyMessage(must, 'known-action', '3.2; M p.30, 31', 'the Action is one of the eight', (_root, { message }) =>
      check(
        ACTIONS.some((action) => action === message.actionText),
        ACTIONS.join(', '),
        message.actionText,
      ),
    ),
    everyMessage(must, 'action-case', '3.2', 'the Action is written as the manual writes it', (_root, { message }) => {
      const meant = findAction(message.actionText);
      check(meant === message.actionText, meant ?? 'an action', message.actionText);
    }),
    everyMessage(must, 'at-most-one-list', '2.1', 'there is at most one ItemList, in Message', (root) => {
      const inMessage = named(messageOf(root), 'ItemList').length;
      const outside = named(root, 'ItemList').length;
      check(inMessage <= 1 && outside === 0, 'one or none, in Message', `${inMessage} in it and ${outside} outside`);
    }),
    everyMessage(must, 'no-phone-attributes', '2.2', 'Message has neither maxItems nor fragment', (root) => {
      const message = messageOf(root);
      const isFree = !('maxItems' in (message?.attributes ?? {})) && !('fragment' in (message?.attributes ?? {}));
      check(isFree, 'nonce', attributesOf(message));
    }),
    everyMessage(should, 'only-nonce', '2.1', 'Message has no attribute but nonce', (root) => {
      const names = attributesOf(messageOf(root));
      check(names === 'nonce', 'nonce', names);
    }),
    everyMessage(must, 'items-have-names', '6.1; M p.26', 'every Item has a name', (root) => {
      for (const item of itemsOf(root)) check((item.attributes['name'] ?? '') !== '', 'a name', attributesOf(item));
    }),
    everyMessage(must, 'indexes-are-numbers', '6.1; M p.26', 'every index is a number', (root) => {
      for (const { attributes } of itemsOf(root))
        check(/^\d+$/.test(attributes['index'] ?? '0'), 'a number', attributes['index'] ?? '');
    }),
    everyMessage(should, 'items-without-status', '6.1; 6.2', 'no Item of the service has a status', (root) => {
      for (const { attributes } of itemsOf(root))
        check(attributes['status'] === undefined, 'no status', attributes['status'] ?? '');
    }),
    everyMessage(must, 'size', '5.1; M p.69', 'no message is larger than 50 kB', (_root, { wire }) =>
      check(wire.body.length <= MAX_BYTES, `at most ${MAX_BYTES} bytes`, `${wire.body.length}`),
    ),
    everyMessage(
      must,
      'read-all-without-items',
      '3.2; M p.30, 34',
      'ReadAllItems lists no items',
      (_root, { message }) => {
        if (message.action === 'ReadAllItems') check(message.items.length === 0, 'no items', `${message.items.length}`);
      },
    ),
    everyMessage(
      must,
      'fragment-without-items',
      '3.2; M p.31, 70',
      'GetNextFragment lists no items',
      (_root, { message }) => {
        if (message.action === 'GetNextFragment')
          check(message.items.length === 0, 'no items', `${message.items.length}`);
      },
    ),
    everyMessage(must, 'no-doctype', '2.1', 'no answer has a document type', (_root, { wire }) =>
      check(!wire.body.includes('<!DOCTYPE'), 'no DOCTYPE', 'a DOCTYPE'),
    ),
    everyMessage(must, 'utf-8', '1.2.5; M p.30', 'every answer is valid UTF-8', ({ name }, { wire }) => {
      const isValid = wire.body.equals(Buffer.from(wire.body.toString('utf8')));
      check(isValid, 'UTF-8', `bytes that are none, in ${name}`);
    }),
    must(
      'service/contact-ends',
      '4.1; M p.31, 41',
      'a contact ends by CleanUp, Restart or SoftwareDeployment',
      async (t) => {
        const { last } = await t.contact(t.phone());
        check(
          ['CleanUp', 'Restart', 'SoftwareDeployment'].includes(last.message.action),
          'CleanUp',
          last.message.actionText,
        );
      },
    ),
    must('service/second-contact-ends', '4.1; 10.11', 'the next contact of the same phone ends as well', async (t) => {
      const phone = t.phone();
      await t.contact(phone);
      await t.contact(phone, 'solicited');
    }),
    should(
      'service/quiet-when-done',
      '4.1; 10.11; M p.34',
      'a phone without changes soon has nothing more to do',
      async (t) => {
        const phone = t.phone();
        for (let n = 0; n < 3; n += 1) await t.contact(phone, n === 0 ? 'start-up' : 'solicited');
        const { answers } = await t.contact(phone, 'solicited');
        const actions = answers.map(({ message }) => message.action).join(', ');
        check(!/WriteItems|Deployment|Restart/.test(actions), 'nothing to be written', actions);
      },
    ),
  ],
};
