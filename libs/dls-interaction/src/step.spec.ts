import type { WorkpointMessage } from '@opendls/dls-codec';
import {
  AUTO_TRAITS,
  DEFAULT_SETTINGS,
  IDLE,
  resume,
  resumePointOf,
  step,
  type InteractionState,
  type Order,
  type OrderStep,
  type Settings,
  type Transition,
} from './index.js';

const opening = { contactId: 'contact-1', deviceId: '001ae8005301' };

function message(parts: Partial<WorkpointMessage>): WorkpointMessage {
  return { kind: 'workpoint', nonce: 'N1', reason: 'reply-to', fragment: 'final', items: [], ...parts };
}

function orderOf(...steps: OrderStep[]): Order {
  return { orderId: 'order-1', attempt: 1, steps };
}

/** Says which firmware a phone has, for tests in which it matters. */
const firmware = (softwareVersion: string, deviceType = 'OpenStage 60'): WorkpointMessage['items'] => [
  { name: 'device-type', value: deviceType },
  { name: 'software-version', value: softwareVersion },
];

/** A phone that came and got the first message of an order. */
function playing(order: Order, settings?: Settings, maxItems?: number, items = firmware('V3 R4.11.0')): Transition {
  const start = message({ reason: 'start-up', nonce: 'N0', maxItems, items });
  const { state } = step(IDLE, { kind: 'message', message: start, opening }, settings);
  return step(state, { kind: 'order', order, fromStep: 0, fromPart: 0 }, settings);
}

function reply(state: InteractionState, parts: Partial<WorkpointMessage>, settings?: Settings): Transition {
  return step(state, { kind: 'message', message: message({ status: 'accepted', ...parts }) }, settings);
}

const WRITE: OrderStep = { kind: 'write-items', items: [{ name: 'sntp-addr', value: 'ntp.example.org' }] };
const READ: OrderStep = { kind: 'read-items', items: [{ name: 'sntp-addr' }] };
const ALL: OrderStep = { kind: 'read-all-items' };

describe('opening a contact', () => {
  it.each(['start-up', 'solicited', 'local-changes', 'inventory-changes', 'status'] as const)(
    'reports %s and asks for work before it answers',
    (reason) => {
      const items = [{ name: 'mac-addr', value: '00:1A:E8:00:53:01' }];
      const input = { kind: 'message' as const, message: message({ reason, items, maxItems: 7 }), opening };
      const { state, facts, reply: answer, closed } = step(IDLE, input);
      expect(state.name).toBe('awaiting-work');
      expect(facts).toEqual([{ type: 'contact-opened', ...opening, reason, items, maxItems: 7, awaitingWork: true }]);
      expect([answer, closed]).toEqual([undefined, undefined]);
    },
  );

  it('closes another contact that was open, but not the same one repeated', () => {
    const { state } = playing(orderOf(ALL));
    const again = message({ reason: 'start-up', nonce: 'N0' });
    expect(step(state, { kind: 'message', message: again, opening }).closed).toBeUndefined();
    const other = { ...opening, contactId: 'contact-2' };
    expect(step(state, { kind: 'message', message: again, opening: other }).closed).toMatchObject({
      contactId: 'contact-1',
      outcome: 'replaced',
    });
  });

  it.each([
    [false, undefined],
    [true, [{ name: 'send-solicited', value: 'true' }]],
  ])('closes with CleanUp when there is no work (more waiting: %s)', (moreOrdersWaiting, expected) => {
    const items = firmware('V3 R4.11.0');
    const { state } = step(IDLE, { kind: 'message', message: message({ reason: 'solicited', items }), opening });
    const { reply: answer, closed } = step(state, { kind: 'no-work', moreOrdersWaiting });
    expect(answer).toEqual({ kind: 'dls', nonce: 'N1', action: 'CleanUp', ...(expected ? { items: expected } : {}) });
    expect(closed).toMatchObject({ outcome: 'no-work', isSolicitedRequested: moreOrdersWaiting, exchanges: 1 });
  });

  it('closes with CleanUp at the deadline', () => {
    const { state } = step(IDLE, { kind: 'message', message: message({ reason: 'solicited' }), opening });
    const { reply: answer, closed, facts } = step(state, { kind: 'work-deadline' });
    expect([answer?.action, closed?.outcome, facts]).toEqual(['CleanUp', 'deadline', []]);
  });

  it.each(['reply-to', 'clean-up', 'unknown', 'start-up'] as const)(
    'answers CleanUp to %s that belongs to no contact, and reports nothing',
    (reason) => {
      const { reply: answer, facts, closed, state } = step(IDLE, { kind: 'message', message: message({ reason }) });
      expect([answer?.action, facts, closed, state]).toEqual(['CleanUp', [], undefined, IDLE]);
    },
  );
});

describe('reading', () => {
  it('reports every fragment before it asks for the next, then that the step is done', () => {
    const first = playing(orderOf(ALL));
    expect(first.reply).toEqual({ kind: 'dls', nonce: 'N0', action: 'ReadAllItems' });
    const one = reply(first.state, { action: 'ReadAllItems', fragment: 'next', items: [{ name: 'a', value: '1' }] });
    expect(one.reply).toEqual({ kind: 'dls', nonce: 'N1', action: 'GetNextFragment' });
    expect(one.facts).toMatchObject([{ type: 'items-reported', scope: 'all', fragment: 0, isFinal: false }]);
    const two = reply(one.state, { nonce: 'N1', items: [{ name: 'b', value: '2' }] });
    expect(two.facts).toMatchObject([
      { type: 'items-reported', fragment: 1, isFinal: true, items: [{ name: 'b', value: '2' }] },
      { type: 'step-completed', outcome: 'accepted', isOrderFinished: true, awaitingWork: true },
    ]);
    expect(two.state.name).toBe('awaiting-work');
  });

  it('ends a reply that has no end', () => {
    const settings = { ...DEFAULT_SETTINGS, maxFragments: 3 };
    let next = playing(orderOf(ALL), settings);
    for (let n = 1; next.closed === undefined; n++)
      next = reply(next.state, { nonce: `N${n}`, fragment: 'next' }, settings);
    expect([next.closed.outcome, next.closed.exchanges, next.reply?.action]).toEqual(['loop-guard', 4, 'CleanUp']);
  });

  it('asks for items by name and index', () => {
    const items = [{ name: 'a' }, { name: 'b', index: 0 }];
    expect(playing(orderOf({ kind: 'read-items', items })).reply?.items).toEqual([
      { name: 'a', value: '' },
      { name: 'b', index: 0, value: '' },
    ]);
  });
});

describe('writing', () => {
  const three: OrderStep = { kind: 'write-items', items: ['a', 'b', 'c'].map((name) => ({ name, value: name })) };

  it('reports what was stored and what was refused', () => {
    const items = [{ name: 'b', value: '', status: 'read only' as const }];
    const { facts, state } = reply(playing(orderOf(three)).state, { action: 'WriteItems', items });
    expect(facts).toMatchObject([
      { writtenItems: [{ name: 'a' }, { name: 'c' }], refusedItems: [{ name: 'b', status: 'read only' }], part: 0 },
    ]);
    expect(state.name).toBe('awaiting-work');
  });

  it('sends part by part and asks for work after the last step only', () => {
    const order = orderOf(three, READ);
    const one = playing(order, undefined, 2);
    const two = reply(one.state, { nonce: 'N1' });
    const read = reply(two.state, { nonce: 'N2' });
    const done = reply(read.state, { nonce: 'N3' });
    expect([one, two, read].map(({ reply: r }) => r?.items?.map(({ name }) => name))).toEqual([
      ['a', 'b'],
      ['c'],
      ['sntp-addr'],
    ]);
    expect([two, read, done].map(({ facts }) => facts.at(-1))).toMatchObject([
      { part: 0, isStepFinished: false, isOrderFinished: false, awaitingWork: false },
      { part: 1, isStepFinished: true, isOrderFinished: false, awaitingWork: false },
      { kind: 'read-items', isStepFinished: true, isOrderFinished: true, awaitingWork: true },
    ]);
    const end = step(done.state, { kind: 'no-work', moreOrdersWaiting: false });
    expect(end.closed).toMatchObject({ outcome: 'completed', exchanges: 4 });
  });

  it('goes on from the cookie alone: asks for the rest of the order, and plays it from there', () => {
    const order = orderOf(three, READ);
    const point = resumePointOf(playing(order, undefined, 2).state)!;
    const elsewhere = resume(JSON.parse(JSON.stringify(point)) as typeof point);
    const asked = reply(elsewhere, { action: 'WriteItems' });
    expect(asked.facts).toMatchObject([{ part: 0, isStepFinished: false, writtenItems: null, awaitingWork: true }]);
    const next = step(asked.state, { kind: 'order', order, fromStep: 0, fromPart: 1 });
    expect(next.reply?.items).toEqual([{ name: 'c', value: 'c' }]);
  });

  it('does not take the order of another attempt for the one in play', () => {
    const point = resumePointOf(playing(orderOf(WRITE, READ)).state)!;
    expect(resume(point, { ...orderOf(WRITE, READ), attempt: 2 }).order).toBeUndefined();
    expect(resume(point, orderOf(WRITE, READ)).order).toBeDefined();
  });

  it('stops when the phone is busy, and has it come back', () => {
    const { facts, reply: answer, closed } = reply(playing(orderOf(three)).state, { status: 'busy' });
    expect(facts).toMatchObject([{ outcome: 'busy', isStepFinished: false, awaitingWork: false }]);
    expect(answer?.items).toEqual([{ name: 'send-solicited', value: 'true' }]);
    expect(closed).toMatchObject({ outcome: 'busy', isSolicitedRequested: true });
  });

  it.each([
    ['V3 R2.0.0', undefined, undefined],
    ['', undefined, undefined],
    ['V3 R3.0.0', false as const, undefined],
    ['V3 R2.0.0', true as const, [{ name: 'send-solicited', value: 'true' }]],
  ])('asks a busy phone with firmware %j to come back only if it can (setting %s)', (version, canSolicit, expected) => {
    const settings = { ...DEFAULT_SETTINGS, traits: { ...AUTO_TRAITS, canSolicit: canSolicit ?? ('auto' as const) } };
    const { state } = playing(orderOf(three), settings, undefined, firmware(version));
    const busy = reply(resume(resumePointOf(state)!), { status: 'busy' }, settings);
    expect([busy.reply?.items, busy.closed?.isSolicitedRequested]).toEqual([expected, expected !== undefined]);
  });

  it.each(['failed', 'unknown'] as const)('gives the step up when the phone answers %s', (status) => {
    const { facts, reply: answer, closed } = reply(playing(orderOf(three)).state, { status });
    expect(facts).toMatchObject([{ outcome: 'failed', isStepFinished: false, isOrderFinished: false }]);
    expect([answer?.action, answer?.items, closed?.outcome]).toEqual(['CleanUp', undefined, 'step-failed']);
  });

  it('reports the refusals in each fragment of a reply', () => {
    const items = [{ name: 'a', value: '', status: 'undefined status' as const, statusText: 'odd' }];
    const one = reply(playing(orderOf(three)).state, { fragment: 'next', items });
    expect(one.facts).toMatchObject([{ isStepFinished: false, refusedItems: [{ name: 'a', status: 'odd' }] }]);
    expect(one.reply?.action).toBe('GetNextFragment');
    expect(reply(one.state, { nonce: 'N2' }).facts).toMatchObject([{ isStepFinished: true, writtenItems: null }]);
  });

  it('refuses what cannot be sent without asking the phone, and sends the rest', () => {
    const items = [
      { name: 'a', value: 'sealed', isSealed: true as const },
      { name: 'b', value: 'lost', isSealed: true as const },
      { name: 'wbm-server-certificate', value: 'x'.repeat(60_000) },
    ];
    const reveal: Settings['reveal'] = ({ value, isSealed }) =>
      isSealed ? (value === 'lost' ? undefined : 'open') : value;
    const settings = { ...DEFAULT_SETTINGS, reveal };
    const { facts, reply: answer, warnings } = playing(orderOf({ kind: 'write-items', items }), settings);
    expect(answer?.items).toEqual([{ name: 'a', value: 'open' }]);
    expect(facts).toMatchObject([
      { outcome: 'sent', isStepFinished: false, refusedItems: [{ name: 'b' }, { name: 'wbm-server-certificate' }] },
    ]);
    expect(warnings).toEqual([{ code: 'item-oversized', detail: 'wbm-server-certificate' }]);
    const nothing = playing(orderOf({ kind: 'write-items', items: items.slice(1) }), settings);
    expect(nothing.facts).toMatchObject([{ outcome: 'failed' }]);
    expect([nothing.reply?.action, nothing.closed?.outcome]).toEqual(['CleanUp', 'step-failed']);
  });
});

describe('replies that do not fit', () => {
  it('sends the action again when the reply is to another action, but only once', () => {
    const { state } = playing(orderOf(WRITE));
    const again = reply(state, { action: 'ReadAllItems' });
    expect([again.reply?.action, again.facts, again.warnings?.[0]?.code]).toEqual([
      'WriteItems',
      [],
      'unexpected-reply',
    ]);
    const end = reply(again.state, { action: 'ReadAllItems', nonce: 'N2' });
    expect([end.reply?.action, end.closed?.outcome]).toEqual(['CleanUp', 'step-failed']);
  });

  it('takes the same message again for a repeat where nonces are fresh, and for an answer where they are not', () => {
    const order = orderOf({
      kind: 'write-items',
      items: [
        { name: 'a', value: '1' },
        { name: 'b', value: '2' },
      ],
    });
    const fresh = reply(playing(order, undefined, 1).state, { nonce: 'N1' });
    const repeated = reply(fresh.state, { nonce: 'N1' });
    expect([repeated.facts, repeated.reply?.items]).toEqual([[], [{ name: 'b', value: '2' }]]);
    expect(reply(repeated.state, { nonce: 'N1' }).facts).toMatchObject([{ part: 1, outcome: 'accepted' }]);

    const constant = reply(playing(order, undefined, 1).state, { nonce: 'N0' });
    expect(reply(constant.state, { nonce: 'N0' }).facts).toMatchObject([{ part: 1, outcome: 'accepted' }]);
  });

  it('cannot send again what it does not hold, and ends', () => {
    const point = resumePointOf(playing(orderOf(WRITE)).state)!;
    expect(reply(resume(point), { action: 'ReadAllItems' }).closed?.outcome).toBe('step-failed');
  });

  it('ends, where it does not hold the order, also what it could send again: the phone may answer another gateway', () => {
    const point = resumePointOf(playing(orderOf(ALL, WRITE)).state)!;
    const kept = reply(resume(point), { action: 'WriteItems' });
    expect([kept.reply?.action, kept.closed?.outcome]).toEqual(['CleanUp', 'step-failed']);
  });

  it('ends when the order has no such step', () => {
    const { state } = step(IDLE, { kind: 'message', message: message({ reason: 'solicited' }), opening });
    const {
      reply: answer,
      closed,
      warnings,
    } = step(state, { kind: 'order', order: orderOf(ALL), fromStep: 1, fromPart: 0 });
    expect([answer?.action, closed?.outcome, warnings?.[0]?.code]).toEqual([
      'CleanUp',
      'step-failed',
      'order-does-not-fit',
    ]);
  });

  it('stops after too many actions', () => {
    const settings = { ...DEFAULT_SETTINGS, maxActions: 2 };
    const one = playing(orderOf(ALL, ALL, ALL), settings);
    const two = reply(one.state, { nonce: 'N1' }, settings);
    const three = reply(two.state, { nonce: 'N2' }, settings);
    expect([two.reply?.action, three.reply?.action, three.closed?.outcome]).toEqual([
      'ReadAllItems',
      'CleanUp',
      'loop-guard',
    ]);
    expect(three.facts).toHaveLength(2);
  });

  it('lets a phone that takes few items at once come to the end of a large order', () => {
    const items = Array.from({ length: 60 }, (_, n) => ({ name: `item-${n}`, value: 'x' }));
    let next = playing(orderOf({ kind: 'write-items', items }, { kind: 'read-items', items }), DEFAULT_SETTINGS, 1);
    let answers = 0;
    while (next.reply && next.closed === undefined) next = reply(next.state, { nonce: `N${++answers}` });
    expect([next.closed?.outcome, next.state.name, answers]).toEqual([undefined, 'awaiting-work', 120]);
  });

  it('changes nothing for an input that does not belong to the state', () => {
    const { state } = playing(orderOf(ALL));
    for (const input of [
      { kind: 'no-work', moreOrdersWaiting: false },
      { kind: 'work-deadline' },
      { kind: 'order', order: orderOf(ALL), fromStep: 0, fromPart: 0 },
    ] as const) {
      expect(step(state, input)).toEqual({ state, facts: [] });
    }
    expect(step(IDLE, { kind: 'expired' })).toEqual({ state: IDLE, facts: [] });
  });
});

describe('deployments and restarts', () => {
  const file: OrderStep = { kind: 'file-deployment', items: [{ name: 'file-type', value: 'LOGO' }] };

  it.each([
    ['ok', 'accepted', 'awaiting-work'],
    ['OK', 'accepted', 'awaiting-work'],
    ['failed', 'failed', 'closed'],
  ])('takes status %s for the answer to a file deployment', (value, outcome, name) => {
    const { state } = playing(orderOf(file));
    const items = [{ name: 'file-deployment-status', value }];
    const input = { kind: 'message' as const, message: message({ reason: 'status', items }), opening };
    const next = step(state, input);
    expect(next.facts).toMatchObject([
      { type: 'contact-opened', reason: 'status', contactId: 'contact-1', awaitingWork: false },
      { type: 'step-completed', kind: 'file-deployment', outcome },
    ]);
    expect(next.state.name).toBe(name);
  });

  it('takes status of another phone, or in another step, for a new contact', () => {
    const items = [{ name: 'file-deployment-status', value: 'ok' }];
    const status = message({ reason: 'status', items });
    const other = { contactId: 'contact-2', deviceId: '001ae8005302' };
    for (const steps of [[file], [ALL]]) {
      const next = step(playing(orderOf(...steps)).state, { kind: 'message', message: status, opening: other });
      expect(next.facts).toMatchObject([{ contactId: 'contact-2', awaitingWork: true }]);
    }
  });

  it.each([
    ['restart', 'Restart'],
    ['software-deployment', 'SoftwareDeployment'],
  ] as const)('counts %s as sent and ends the contact, but still understands a refusal', (kind, action) => {
    const { reply: answer, facts, closed, state } = playing(orderOf(WRITE_NOTHING(kind)));
    expect(answer?.action).toBe(action);
    expect(facts).toMatchObject([
      { outcome: 'sent', isStepFinished: true, isOrderFinished: true, awaitingWork: false },
    ]);
    expect(closed?.outcome).toBe('restarting');
    expect(reply(state, { action, status: 'busy' }).facts).toMatchObject([{ kind, outcome: 'busy' }]);
  });

  function WRITE_NOTHING(kind: 'restart' | 'software-deployment'): OrderStep {
    return { kind, items: [] };
  }
});

describe('the end of a contact', () => {
  it('answers a clean-up of the phone and keeps its reason', () => {
    const items = [{ name: 'cleanup-reason', value: 'password retries exceeded' }];
    const { reply: answer, closed, facts } = reply(playing(orderOf(ALL)).state, { reason: 'clean-up', items });
    expect([answer?.action, facts]).toEqual(['CleanUp', []]);
    expect(closed).toMatchObject({
      outcome: 'phone-clean-up',
      cleanupReason: 'password retries exceeded',
      exchanges: 2,
    });
  });

  it('ends on a reason it does not know', () => {
    expect(reply(playing(orderOf(ALL)).state, { reason: 'unknown' }).closed?.outcome).toBe('step-failed');
  });

  it('expires without an answer', () => {
    const { reply: answer, closed } = step(playing(orderOf(ALL)).state, { kind: 'expired' });
    expect([answer, closed?.outcome]).toEqual([undefined, 'expired']);
  });
});
