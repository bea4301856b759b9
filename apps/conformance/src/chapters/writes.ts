import { CaseNotRun, check, must, should, type Chapter, type ConformanceCase } from '../conformance-case.js';
import { valueOf, type Understood } from '../phone/converse.js';
import type { PhoneTraits } from '../phone/phone-items.js';
import type { Phone } from '../phone/phone.js';
import { bodyText, type ServiceItem, type ServiceMessage } from '../phone/service-message.js';
import type { CaseRun } from '../run/case-run.js';

const REFUSALS = [
  'failed',
  'unknown item',
  'read only',
  'invalid index',
  'unexpected item',
  'not supported',
  'invalid data',
  'undefined status',
];

const CLOCK: readonly ServiceItem[] = [
  { name: 'sntp-addr', value: '198.51.100.123' },
  { name: 'sntp-tz-offset', value: '60' },
];
/** One key: its fields belong together (M p.71). */
const KEY: readonly ServiceItem[] = [
  { name: 'function-key-def', index: 3, value: '1' },
  { name: 'select-dial', index: 3, value: '4989100200' },
  { name: 'key-label-unicode', index: 3, value: 'Empfang' },
];
const labels = (count: number, length: number): readonly ServiceItem[] =>
  Array.from({ length: count }, (_, n) => ({
    name: 'XML-app-address',
    index: n + 1,
    value: `app${n + 1}-${'x'.repeat(length)}.example.net`,
  }));

/** A phone for which something waits to be written, at the moment when it is asked to write. */
async function asked(
  t: CaseRun,
  items: readonly ServiceItem[],
  traits: Partial<PhoneTraits> = {},
  setUp?: (phone: Phone) => void,
): Promise<{ readonly phone: Phone; readonly first: Understood }> {
  const phone = t.phone(traits);
  setUp?.(phone);
  await t.give(phone, 'wantWrite', { items });
  return { phone, first: await t.workArrives(phone, 'WriteItems') };
}

/** Everything written in the rest of a contact, message by message. */
async function allWrites(t: CaseRun, phone: Phone, first: Understood): Promise<readonly ServiceMessage[]> {
  const { answers } = await t.walkOn(phone, first);
  return answers.map(({ message }) => message).filter(({ action }) => action === 'WriteItems');
}

function find(items: readonly ServiceItem[], { name, index }: ServiceItem): ServiceItem | undefined {
  return items.find((item) => item.name === name && item.index === index);
}

/** The phone ends up with exactly these values. */
function arrives(id: string, clause: string, title: string, items: readonly ServiceItem[]): ConformanceCase {
  return must(
    `writes/${id}`,
    clause,
    title,
    async (t) => {
      const { phone, first } = await asked(t, items);
      const written = (await allWrites(t, phone, first)).flatMap((message) => message.items);
      for (const item of items) {
        const found = find(written, item);
        const key = `${item.name}${item.index === undefined ? '' : ` (index ${item.index})`}`;
        check(found !== undefined, `${key} to be written`, written.map(({ name }) => name).join(', '));
        check(found.value === item.value, `${key} = ${JSON.stringify(item.value)}`, JSON.stringify(found.value));
      }
    },
    'wantWrite',
  );
}

/** Refused items are a result: the contact ends and nothing is sent again in it. */
function refused(
  make: typeof must,
  id: string,
  clause: string,
  title: string,
  refuse: (items: readonly ServiceItem[]) => readonly (ServiceItem & { status: string })[],
): ConformanceCase {
  return make(
    `writes/${id}`,
    clause,
    title,
    async (t) => {
      const { phone, first } = await asked(t, [...CLOCK, ...KEY]);
      let writes = 0;
      await t.walkOn(phone, first, {
        reactions: {
          WriteItems: ({ items }) => {
            writes += 1;
            check(writes <= 3, 'an end after the refusal', `WriteItems ${writes} times`);
            const refusals = refuse(items);
            const isStored = (item: ServiceItem): boolean => find(refusals, item) === undefined;
            for (const item of items.filter(isStored)) phone.store.write(item);
            return phone.reply('WriteItems', { items: refusals.map((item) => ({ ...item, value: '' })) });
          },
        },
      });
    },
    'wantWrite',
  );
}

const firstWith =
  (status: string) =>
  (items: readonly ServiceItem[]): readonly (ServiceItem & { status: string })[] =>
    items.slice(0, 1).map((item) => ({ ...item, status }));

/** A phone that asks for small messages gets small messages. */
function keepsToMaxItems(maxItems: number): ConformanceCase {
  return must(
    `writes/max-items-${maxItems}`,
    '2.2; 5.3; M p.28, 69, 71',
    `maxItems ${maxItems} is kept`,
    async (t) => {
      const items = labels(maxItems * 2 + 1, 10);
      const { phone, first } = await asked(t, items, {}, (each) => (each.maxItems = String(maxItems)));
      const writes = await allWrites(t, phone, first);
      for (const message of writes) {
        const { length } = message.items;
        check(length <= maxItems, `at most ${maxItems} items in a message`, `${length}`);
      }
      const written = writes.flatMap((message) => message.items);
      check(
        items.every((item) => find(written, item) !== undefined),
        'all items',
        `${written.length} of ${items.length}`,
      );
    },
    'wantWrite',
  );
}

export const WRITES: Chapter = {
  name: 'writes',
  title: 'WriteItems',
  cases: [
    arrives('values', '4.5; M p.46-48', 'values arrive as they are', CLOCK),
    arrives('indexed', '6.1; M p.26', 'indexes arrive as they are', KEY),
    arrives('special-characters', '6.5; 11.16', 'reserved characters arrive', [
      { name: 'display-id-unicode', value: `A&B <C> "D" 'E'` },
    ]),
    arrives('unicode', '1.2.5; M p.30', 'letters of other scripts arrive', [
      { name: 'display-id-unicode', value: 'Büro 大厅 📞' },
    ]),
    arrives('leading-zeros', '6.4', 'a value that looks like a number arrives as text', [
      { name: 'emergency-number', value: '0112' },
    ]),
    must(
      'writes/empty-value',
      '6.4',
      'an empty value clears an item',
      async (t) => {
        const { phone, first } = await asked(t, [{ name: 'ldap-server-address', value: '' }, ...CLOCK], {}, (each) =>
          each.store.write({ name: 'ldap-server-address', value: 'ldap.example.net' }),
        );
        const written = (await allWrites(t, phone, first)).flatMap(({ items }) => items);
        const found = written.find(({ name }) => name === 'ldap-server-address');
        check(found?.value === '', 'an empty ldap-server-address', JSON.stringify(found?.value ?? 'none'));
      },
      'wantWrite',
    ),
    must(
      'writes/only-once',
      '4.5; 10.11',
      'what was accepted is not written again in the next contact',
      async (t) => {
        const { phone, first } = await asked(t, CLOCK);
        await t.walkOn(phone, first);
        const { answers } = await t.contact(phone, 'solicited');
        const again = answers.flatMap(({ message }) => (message.action === 'WriteItems' ? message.items : []));
        const repeated = CLOCK.filter((item) => find(again, item)?.value === item.value);
        check(repeated.length === 0, 'no repetition', repeated.map(({ name }) => name).join(', '));
      },
      'wantWrite',
    ),
    must(
      'writes/reads-have-no-values',
      '3.2; M p.43',
      'ReadItems after a write lists names without values',
      async (t) => {
        const { phone, first } = await asked(t, CLOCK);
        const { answers } = await t.walkOn(phone, first);
        const reads = answers.filter(({ message }) => message.action === 'ReadItems');
        if (reads.length === 0) throw new CaseNotRun('this server does not read back what it has written');
        for (const { message } of reads)
          check(
            message.items.every(({ value }) => value === ''),
            'names only',
            'values',
          );
      },
      'wantWrite',
    ),
    should(
      'writes/legacy-entities',
      '6.5; 10.1',
      'firmware of V1 gets no entity that it cannot read',
      async (t) => {
        const items = [{ name: 'display-id', value: 'A&B <C>' }];
        const { first } = await asked(t, items, { deviceType: 'OpenStage 40', softwareVersion: 'V1 R5.6.53' });
        const found = /&(?:amp|lt|gt|#0*38|#0*60|#0*62);/.exec(bodyText(first.wire))?.[0];
        check(found === undefined, 'no &amp; &lt; &gt;', found ?? '');
      },
      'wantWrite',
    ),
    keepsToMaxItems(1),
    keepsToMaxItems(5),
    must(
      'writes/key-in-one-message',
      '5.3; M p.71',
      'the fields of one key travel together',
      async (t) => {
        const { phone, first } = await asked(t, [...CLOCK, ...KEY], {}, (each) => (each.maxItems = '4'));
        const writes = await allWrites(t, phone, first);
        const with3 = writes.filter(({ items }) => KEY.some((item) => find(items, item) !== undefined));
        check(with3.length === 1, 'one message with all of key 3', `${with3.length} messages`);
      },
      'wantWrite',
    ),
    must(
      'writes/size',
      '5.1; 5.3; M p.69',
      'a large write is split below 50 kB',
      async (t) => {
        const items = labels(20, 4_000);
        const { phone, first } = await asked(t, items);
        const { answers } = await t.walkOn(phone, first);
        for (const { wire } of answers)
          check(wire.body.length <= 50_000, 'at most 50,000 bytes', `${wire.body.length}`);
        const written = answers.flatMap(({ message }) => (message.action === 'WriteItems' ? message.items : []));
        check(
          items.every((item) => find(written, item) !== undefined),
          'all items',
          `${written.length} of ${items.length}`,
        );
      },
      'wantWrite',
    ),
    ...REFUSALS.map((status) =>
      refused(
        must,
        `refused-${status.replace(' ', '-')}`,
        '6.2; 6.3; M p.26, 78-83',
        `an item is refused: ${status}`,
        firstWith(status),
      ),
    ),
    refused(must, 'refused-all', '6.3; M p.78', 'every item is refused', (items) =>
      items.map((item) => ({ ...item, status: 'failed' })),
    ),
    refused(should, 'refused-hyphen', '6.2; M p.83', 'an item is refused: Read-Only', firstWith('Read-Only')),
    refused(
      should,
      'refused-unheard-of',
      '6.2',
      'an item is refused with a status that is not in the list',
      firstWith('too lazy'),
    ),
    refused(should, 'refused-foreign-item', '6.3', 'an item is refused that was not sent', () => [
      { name: 'reg-addr', value: '', status: 'failed' },
    ]),
    must(
      'writes/failed',
      '6.3; M p.77',
      'a phone that fails the whole action is not asked for ever',
      async (t) => {
        const { phone, first } = await asked(t, CLOCK);
        let writes = 0;
        await t.walkOn(phone, first, {
          reactions: {
            WriteItems: () => {
              writes += 1;
              check(writes <= 20, 'an end', `WriteItems ${writes} times`);
              return phone.reply('WriteItems', { status: 'failed' });
            },
          },
        });
      },
      'wantWrite',
    ),
    should(
      'writes/no-send-solicited-when-done',
      '4.6; M p.72',
      'a contact that has done everything ends with a plain CleanUp',
      async (t) => {
        const { phone, first } = await asked(t, CLOCK);
        const { last } = await t.walkOn(phone, first);
        check(valueOf(last.message, 'send-solicited') === undefined, 'a plain CleanUp', 'send-solicited');
      },
      'wantWrite',
    ),
  ],
};
