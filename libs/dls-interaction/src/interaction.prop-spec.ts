import { itemKey } from '@opendls/item-catalog';
import fc from 'fast-check';
import { ScriptedOrders } from '../test/scripted-orders.js';
import { ScriptedPhone, type PhoneTraits } from '../test/scripted-phone.js';
import { ScriptedWorld, type Exchange, type Fault } from '../test/scripted-world.js';
import type { OrderItem, OrderStep } from './order.js';

const MAX_ATTEMPTS = 12;

const item: fc.Arbitrary<OrderItem> = fc
  .record({
    name: fc.constantFrom(
      'sntp-addr',
      'reg-addr',
      'function-key-def',
      'select-dial',
      'key-label-unicode',
      'vlan-id',
      'x-unknown',
    ),
    index: fc.option(fc.nat(9), { nil: undefined }),
    value: fc.string({ maxLength: 60 }),
  })
  .map(({ name, index, value }) => (index === undefined ? { name, value } : { name, index, value }));

const items = fc.uniqueArray(item, {
  minLength: 1,
  maxLength: 40,
  selector: ({ name, index }) => itemKey(name, index),
});

const orderSteps: fc.Arbitrary<readonly OrderStep[]> = fc.oneof(
  items.map((list): OrderStep[] => [
    { kind: 'write-items', items: list },
    { kind: 'read-items', items: list },
  ]),
  items.map((list): OrderStep[] => [{ kind: 'read-all-items' }, { kind: 'write-items', items: list }]),
  fc
    .tuple(items, items)
    .map(([a, b]): OrderStep[] => [
      { kind: 'write-items', items: a },
      { kind: 'file-deployment', items: [{ name: 'file-type', value: 'LOGO' }] },
      { kind: 'write-items', items: b },
      { kind: 'read-all-items' },
    ]),
);

const traits = fc.record({
  nonces: fc.constantFrom<PhoneTraits['nonces']>('fresh', 'per-reply', 'one-for-replies', 'constant'),
  maxItems: fc.constantFrom(undefined, -1, 3, 7, 50),
  fragmentItems: fc.integer({ min: 1, max: 12 }),
  refuses: fc
    .uniqueArray(
      items.map(([first]) => itemKey(first!.name, first!.index)),
      { maxLength: 4 },
    )
    .map((keys) => new Set(keys)),
  namesActionInFragments: fc.boolean(),
  busyReplies: fc.uniqueArray(fc.nat(20), { maxLength: 1 }).map((counts) => new Set(counts)),
  failedReplies: fc.uniqueArray(fc.nat(20), { maxLength: 1 }).map((counts) => new Set(counts)),
});

const FAULTS: readonly Fault[] = [
  'none',
  'request-lost',
  'answer-lost',
  'body-lost',
  'sent-twice',
  'publish-failed',
  'publish-unknown',
  'work-late',
  'phone-silent',
];
const exchange: fc.Arbitrary<Exchange> = fc.record({
  fault: fc.oneof(
    { weight: 12, arbitrary: fc.constant('none' as const) },
    { weight: 4, arbitrary: fc.constant('body-lost' as const) },
    { weight: 9, arbitrary: fc.constantFrom(...FAULTS) },
  ),
  gateway: fc.constantFrom(0 as const, 1 as const),
  forgets: fc.boolean(),
});

/**
 * Faults for a while, then none: everything has to come right. That the body of an answer was lost shows in the nonce
 * only, so phones that keep theirs are spared, and nobody loses the body of two answers in a row.
 */
function faulty(exchanges: readonly Exchange[], nonces: PhoneTraits['nonces']): () => Exchange {
  let at = 0;
  let isBodyMissing = false;
  const showsRepeats = nonces === 'fresh' || nonces === 'per-reply';
  return () => {
    const drawn = exchanges[at++] ?? { fault: 'none' as const, gateway: (at % 2) as 0 | 1, forgets: at % 3 === 0 };
    const fault = drawn.fault === 'body-lost' && (isBodyMissing || !showsRepeats) ? 'none' : drawn.fault;
    if (fault === 'body-lost') isBodyMissing = true;
    if (fault === 'none' || fault === 'sent-twice' || fault === 'phone-silent') isBodyMissing = false;
    return { ...drawn, fault };
  };
}

describe('an interaction, whatever the network, the phone and the gateways do', () => {
  it('ends, answers with the right nonce, and leaves the phone with the items of the order but the refused', () => {
    fc.assert(
      fc.property(orderSteps, traits, fc.array(exchange, { maxLength: 40 }), (steps, phoneTraits, exchanges) => {
        const phone = new ScriptedPhone(phoneTraits);
        const orders = new ScriptedOrders(steps, MAX_ATTEMPTS);
        const world = new ScriptedWorld(phone, orders, { maxBytes: 2_468, maxActions: 200 });
        const next = faulty(exchanges, phoneTraits.nonces);
        for (let contact = 0; contact < 60 && !orders.isDone && !orders.isGivenUp; contact++) {
          world.runContact(contact === 0 ? 'start-up' : 'solicited', next);
        }

        const contents = new Map<string, string>();
        for (const { key, content } of world.sent) {
          expect(contents.get(key) ?? content).toBe(content);
          contents.set(key, content);
        }
        if (orders.isGivenUp) return; // too many faults; a new order would follow
        const refused = new Set(orders.refused.map(({ name, index }) => itemKey(name, index)));
        for (const key of refused) expect(phoneTraits.refuses).toContain(key);
        const wanted = new Map<string, string>();
        for (const each of steps) {
          if (each.kind === 'write-items') {
            for (const { name, index, value } of each.items) wanted.set(itemKey(name, index), value);
          }
        }
        for (const [key, value] of wanted) {
          if (phoneTraits.refuses.has(key)) expect(refused).toContain(key);
          else expect(phone.items.get(key)?.value).toBe(value);
        }
        expect([...phone.items.keys()].filter((key) => !wanted.has(key))).toEqual([]);
        for (const [stepIndex, each] of steps.entries()) {
          if (each.kind !== 'read-items' && each.kind !== 'read-all-items') continue;
          const reported = orders.reported(stepIndex);
          const expected = each.kind === 'read-items' ? each.items.map((i) => itemKey(i.name, i.index)) : [];
          expect(reported).toEqual(expect.arrayContaining(expected));
        }
      }),
      { numRuns: 400 },
    );
  });

  it('without faults needs one contact, and sends every part once', () => {
    fc.assert(
      fc.property(orderSteps, traits, fc.boolean(), (steps, drawn, forgets) => {
        const phoneTraits = {
          ...drawn,
          nonces: drawn.nonces === 'one-for-replies' ? ('fresh' as const) : drawn.nonces,
          busyReplies: new Set<number>(),
          failedReplies: new Set<number>(),
        };
        const phone = new ScriptedPhone(phoneTraits);
        const orders = new ScriptedOrders(steps, 1);
        const world = new ScriptedWorld(phone, orders, { maxBytes: 2_468, maxActions: 200 });
        let at = 0;
        world.runContact('start-up', () => ({ fault: 'none', gateway: (at++ % 2) as 0 | 1, forgets }));
        expect(orders.isDone).toBe(true);
        expect(new Set(world.sent.map(({ key }) => key)).size).toBe(world.sent.length);
      }),
      { numRuns: 200 },
    );
  });
});
