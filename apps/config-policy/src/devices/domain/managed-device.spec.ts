import type { ContactOpened, ReportedItem } from '@opendls/event-contracts';
import {
  aContext,
  anOpening,
  aPolicySet,
  aStepCompleted,
  DEVICE_ID,
  NOON,
  someItemsReported,
} from '../../../test/builders.js';
import type { WorkOrder } from '../../work-orders/domain/work-order.js';
import { unknownDevice, type DeviceState } from './device-state.js';
import { ManagedDevice, type Answer, type DecisionContext } from './managed-device.js';
import { replaceReport } from './phone-report.js';

const policies = aPolicySet({
  items: [
    { name: 'sntp-addr', value: 'ntp.example.org' },
    { name: 'function-key-def', index: 1, value: '1' },
    { name: 'select-dial', index: 1, value: '100' },
    { name: 'key-label-unicode', index: 1, value: 'Front desk' },
    { name: 'sip-pwd', secretRef: 'sip/{{e164}}' },
  ],
});
const secrets = new Map([['sip/4989100231', 'geheim']]);
const factory: ReportedItem[] = [
  { name: 'sntp-addr', value: '' },
  { name: 'function-key-def', index: 1, value: '0' },
  { name: 'select-dial', index: 1, value: '' },
  { name: 'key-label-unicode', index: 1, value: '' },
  { name: 'sip-pwd', secret: true },
];
const configured: ReportedItem[] = [
  { name: 'sntp-addr', value: 'ntp.example.org' },
  { name: 'function-key-def', index: 1, value: '1' },
  { name: 'select-dial', index: 1, value: '100' },
  { name: 'key-label-unicode', index: 1, value: 'Front desk' },
  { name: 'sip-pwd', secret: true },
];

/** A phone whose report is known. */
function aKnownDevice(items: readonly ReportedItem[]): DeviceState {
  const state = unknownDevice(DEVICE_ID, NOON);
  state.fullReportAt = NOON;
  state.report = replaceReport(items);
  state.facts = anOpening().device;
  return state;
}

function aDevice(
  state = unknownDevice(DEVICE_ID, NOON),
  overrides: Partial<DecisionContext> = {},
  orders: readonly WorkOrder[] = [],
): ManagedDevice {
  return new ManagedDevice(state, orders, aContext({ policies, secrets, ...overrides }));
}

function orderOf(answer: Answer): WorkOrder {
  if (answer.kind !== 'order') throw new Error('expected an order, got no-work');
  return answer.order;
}

function open(device: ManagedDevice, overrides: Partial<ContactOpened> = {}, reason = 'device-started'): Answer {
  return device.openContact(anOpening(overrides), reason, NOON);
}

/** Everything a phone does with an order that it accepts. */
function playOrder(device: ManagedDevice, order: WorkOrder, report: readonly ReportedItem[] = []): Answer {
  let answer: Answer = { kind: 'no-work', moreOrdersWaiting: false };
  const { orderId, attempt, contactId } = order;
  order.steps.forEach((step, stepIndex) => {
    const ref = { orderId, attempt, stepIndex, contactId: contactId ?? '' };
    const isLast = stepIndex === order.steps.length - 1;
    if (step.kind === 'read-all-items') device.reportItems(someItemsReported(report, ref), report, NOON);
    if (step.kind === 'read-items') {
      device.reportItems(someItemsReported(report, { ...ref, scope: 'some' }), report, NOON);
    }
    answer = device.completeStep(
      aStepCompleted({ ...ref, kind: step.kind, isOrderFinished: isLast, awaitingWork: isLast }),
      NOON,
    );
  });
  return answer;
}

/** A phone that has been configured completely. */
function aConfiguredDevice(): DeviceState {
  const device = aDevice();
  const reading = orderOf(open(device, { configurationChanged: true }));
  const writing = orderOf(playOrder(device, reading, factory));
  expect(playOrder(device, writing, configured)).toEqual({ kind: 'no-work', moreOrdersWaiting: false });
  device.closeContact('contact-0000000001', 'completed');
  expect(device.state.compliance).toBe('compliant');
  return device.state;
}

describe('the first contact', () => {
  it('reads everything, writes what differs, reads it back, and is compliant', () => {
    const device = aDevice();
    const reading = orderOf(open(device, { configurationChanged: true }));
    expect(reading).toMatchObject({ kind: 'read-all', attempt: 1, steps: [{ kind: 'read-all-items' }] });
    expect(device.state.compliance).toBe('pending');

    const writing = orderOf(playOrder(device, reading, factory));
    expect(writing).toMatchObject({ kind: 'configure', state: 'offered', attempt: 1 });
    expect(writing.steps).toEqual([
      {
        kind: 'write-items',
        items: [
          { name: 'function-key-def', index: 1, value: '1' },
          { name: 'key-label-unicode', index: 1, value: 'Front desk' },
          { name: 'select-dial', index: 1, value: '100' },
          { name: 'sip-pwd', sealed: `sealed(${DEVICE_ID},sip-pwd,geheim)` },
          { name: 'sntp-addr', value: 'ntp.example.org' },
        ],
      },
      {
        kind: 'read-items',
        items: [
          { name: 'function-key-def', index: 1 },
          { name: 'key-label-unicode', index: 1 },
          { name: 'select-dial', index: 1 },
          { name: 'sntp-addr' },
        ],
      },
    ]);
    expect(playOrder(device, writing, configured)).toEqual({ kind: 'no-work', moreOrdersWaiting: false });
    expect(device.state.compliance).toBe('compliant');
    expect(device.changedOrders().map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'read-all done',
      'configure done',
    ]);
  });

  it('reads also a phone that no policy selects, and leaves it alone', () => {
    const device = aDevice(undefined, { policies: aPolicySet() });
    const reading = orderOf(open(device));
    expect(playOrder(device, reading, factory)).toEqual({ kind: 'no-work', moreOrdersWaiting: false });
    expect(device.state.compliance).toBe('unmanaged');
  });
});

describe('later contacts', () => {
  it('writes nothing on a second start without changes', () => {
    const device = aDevice(aConfiguredDevice());
    expect(open(device, { contactId: 'contact-0000000002' })).toEqual({ kind: 'no-work', moreOrdersWaiting: false });
    expect(device.changedOrders()).toEqual([]);
  });

  it('reads all again when the phone does not say what changed', () => {
    for (const configurationChanged of [true, null]) {
      const device = aDevice(aConfiguredDevice());
      const order = orderOf(open(device, { contactId: 'contact-0000000002', configurationChanged }));
      expect(order.kind).toBe('read-all');
    }
  });

  it('reads all again after new software', () => {
    const device = aDevice(aConfiguredDevice());
    const update = { ...anOpening().device, softwareVersion: 'V3 R6.0.0' };
    expect(orderOf(open(device, { contactId: 'contact-0000000002', device: update })).kind).toBe('read-all');
  });

  it('brings a policy change at the next contact, only the changed group', () => {
    const state = aConfiguredDevice();
    const changed = aPolicySet({
      revision: 2,
      items: [
        { name: 'sntp-addr', value: 'ntp.example.org' },
        { name: 'function-key-def', index: 1, value: '1' },
        { name: 'select-dial', index: 1, value: '200' },
        { name: 'key-label-unicode', index: 1, value: 'Front desk' },
        { name: 'sip-pwd', secretRef: 'sip/{{e164}}' },
      ],
    });
    const device = aDevice(state, { policies: changed });
    device.replan();
    expect(state.compliance).toBe('pending');
    const order = orderOf(open(device, { contactId: 'contact-0000000002' }, 'device-solicited'));
    expect([...order.targets.keys()]).toEqual(['function-key-def[1]', 'key-label-unicode[1]', 'select-dial[1]']);
  });

  it('writes a secret again when it changed', () => {
    const device = aDevice(aConfiguredDevice(), { secrets: new Map([['sip/4989100231', 'neu']]) });
    const order = orderOf(open(device, { contactId: 'contact-0000000002' }));
    expect(order.steps).toEqual([
      { kind: 'write-items', items: [{ name: 'sip-pwd', sealed: `sealed(${DEVICE_ID},sip-pwd,neu)` }] },
    ]);
  });

  it('waits for a secret that is missing', () => {
    const device = aDevice(aKnownDevice(configured), { secrets: new Map() });
    expect(open(device)).toEqual({ kind: 'no-work', moreOrdersWaiting: false });
    expect(device.state).toMatchObject({ compliance: 'pending', openItems: [{ name: 'sip-pwd' }] });
  });

  it('writes secrets again when a phone comes back reset', () => {
    const device = aDevice(aConfiguredDevice());
    const reading = orderOf(open(device, { contactId: 'contact-0000000002', configurationChanged: true }));
    const order = orderOf(playOrder(device, reading, factory));
    expect([...order.targets.keys()]).toContain('sip-pwd');
  });
});

describe('a secret for an item that phones report readable', () => {
  const hidden = aPolicySet({ items: [{ name: 'reg-addr', secretRef: 'site/{{deviceId}}' }] });
  const values = new Map([[`site/${DEVICE_ID}`, 'sip.example.org']]);
  const reports = (value: string): ReportedItem[] => [{ name: 'reg-addr', value }];

  it('is compared, and not kept readable', () => {
    const device = aDevice(undefined, { policies: hidden, secrets: values });
    const order = orderOf(playOrder(device, orderOf(open(device)), reports('other.example.org')));
    expect(order.steps).toEqual([
      { kind: 'write-items', items: [{ name: 'reg-addr', sealed: `sealed(${DEVICE_ID},reg-addr,sip.example.org)` }] },
    ]);
    playOrder(device, order);
    expect(device.state.compliance).toBe('compliant');
    const restart = aDevice(device.state, { policies: hidden, secrets: values });
    const reading = orderOf(open(restart, { contactId: 'contact-0000000002', configurationChanged: true }));
    expect(playOrder(restart, reading, reports('sip.example.org')).kind).toBe('no-work');
    expect(JSON.stringify([...restart.state.report])).not.toContain('example.org');
  });
});

describe('local changes', () => {
  const change = {
    contactId: 'contact-0000000002',
    configurationChanged: true,
    itemsAttached: true,
    items: [{ name: 'sntp-addr', value: 'user.example.org' }],
  };

  it('writes an attached change back in the same contact', () => {
    const device = aDevice(aConfiguredDevice());
    const order = orderOf(open(device, change, 'local-changes-reported'));
    expect(device.state.compliance).toBe('drifted');
    expect(order.steps[0]).toEqual({ kind: 'write-items', items: [{ name: 'sntp-addr', value: 'ntp.example.org' }] });
    playOrder(device, order, [{ name: 'sntp-addr', value: 'ntp.example.org' }]);
    expect(device.state.compliance).toBe('compliant');
  });

  it('leaves changes alone that no policy is about', () => {
    const device = aDevice(aConfiguredDevice());
    const items = [{ name: 'display-brightness', value: '4' }];
    expect(open(device, { ...change, items }, 'local-changes-reported').kind).toBe('no-work');
    expect(device.state.report.get('display-brightness')).toEqual({ value: '4' });
  });

  it('reads all when the changes are not attached', () => {
    const device = aDevice(aConfiguredDevice());
    const answer = open(device, { ...change, itemsAttached: false, items: [] }, 'local-changes-reported');
    expect(orderOf(answer).kind).toBe('read-all');
  });
});

describe('answers of the phone', () => {
  function writing(device: ManagedDevice): WorkOrder {
    return orderOf(open(device));
  }

  it('does not write refused items again until the policy or the software changes', () => {
    const device = aDevice(aKnownDevice(factory));
    const order = writing(device);
    const { orderId } = order;
    const refusedItems = [{ name: 'sntp-addr', status: 'invalid data' }];
    const ref = { orderId, kind: 'write-items' as const, isOrderFinished: false, awaitingWork: false };
    device.completeStep(aStepCompleted({ ...ref, refusedItems }), NOON);
    const rest = configured.filter(({ name }) => name !== 'sntp-addr');
    device.reportItems(someItemsReported(rest, { orderId, stepIndex: 1, scope: 'some' }), rest, NOON);
    const answer = device.completeStep(aStepCompleted({ orderId, stepIndex: 1, kind: 'read-items' }), NOON);
    expect(answer.kind).toBe('no-work');
    expect(device.changedOrders()).toMatchObject([{ state: 'refused' }]);
    expect(device.state).toMatchObject({ compliance: 'failed', openItems: [{ name: 'sntp-addr' }] });
    expect(device.replan()).toMatchObject([{ reason: 'refused', status: 'invalid data' }]);

    const again = aDevice(device.state);
    expect(open(again, { contactId: 'contact-0000000002' }).kind).toBe('no-work');
    const newRevision = aPolicySet({ revision: 2, items: [{ name: 'sntp-addr', value: 'ntp.example.org' }] });
    const changed = aDevice(structuredClone(device.state), { policies: newRevision });
    expect(open(changed, { contactId: 'contact-0000000003' }).kind).toBe('order');
    const newSoftware = { ...anOpening().device, softwareVersion: 'V3 R6.0.0' };
    const updated = aDevice(device.state);
    const reading = orderOf(open(updated, { contactId: 'contact-0000000004', device: newSoftware }));
    expect(playOrder(updated, reading, [...rest, { name: 'sntp-addr', value: '' }]).kind).toBe('order');
  });

  it('fails when the phone stored another value, and does not repeat it', () => {
    const device = aDevice(aKnownDevice(factory));
    const order = writing(device);
    const shortened = configured.map((item) =>
      item.name === 'key-label-unicode' ? { ...item, value: 'Front' } : item,
    );
    expect(playOrder(device, order, shortened).kind).toBe('no-work');
    expect(device.changedOrders()).toMatchObject([{ state: 'failed', failureCode: 'stored-differently' }]);
    expect(device.state).toMatchObject({
      compliance: 'failed',
      openItems: [{ name: 'key-label-unicode', index: 1 }],
    });
    expect(open(aDevice(device.state), { contactId: 'contact-0000000002' }).kind).toBe('no-work');
  });

  it('ignores items the order never had', () => {
    const device = aDevice(aKnownDevice(factory));
    const order = writing(device);
    const refusedItems = [{ name: '__proto__', status: 'failed' }];
    const writtenItems = [{ name: 'constructor' }];
    device.completeStep(
      aStepCompleted({ orderId: order.orderId, kind: 'write-items', refusedItems, writtenItems }),
      NOON,
    );
    expect(device.state.blocked.size).toBe(0);
    expect(device.state.applied.has('constructor')).toBe(false);
  });

  it('stops for a busy phone, says that work waits, and goes on in the next contact', () => {
    const device = aDevice(aKnownDevice(factory));
    const order = writing(device);
    const busy = aStepCompleted({
      orderId: order.orderId,
      kind: 'write-items',
      outcome: 'busy',
      isOrderFinished: false,
    });
    expect(device.completeStep(busy, NOON)).toEqual({ kind: 'no-work', moreOrdersWaiting: true });
    expect(device.changedOrders()).toMatchObject([{ state: 'pending', failedAttempts: 0 }]);
    device.closeContact('contact-0000000001', 'busy');
    const next = orderOf(open(device, { contactId: 'contact-0000000002' }, 'device-solicited'));
    expect(next).toMatchObject({ orderId: order.orderId, attempt: 2, steps: order.steps, failedAttempts: 0 });
  });

  it('asks a gateway that lost the order to go on at the right part', () => {
    const device = aDevice(aKnownDevice(factory));
    const { orderId } = writing(device);
    const part = { orderId, kind: 'write-items' as const, isOrderFinished: false };
    expect(orderOf(device.completeStep(aStepCompleted({ ...part, isStepFinished: false }), NOON))).toMatchObject({
      orderId,
      attempt: 1,
      fromStep: 0,
      fromPart: 1,
    });
    expect(orderOf(device.completeStep(aStepCompleted({ ...part, part: 1 }), NOON))).toMatchObject({
      orderId,
      fromStep: 1,
      fromPart: 0,
    });
  });

  it('gives a phone that repeats its message the same attempt again', () => {
    const device = aDevice(aKnownDevice(factory));
    const first = orderOf(open(device));
    const second = orderOf(open(device));
    expect(second).toEqual(first);
  });

  it('answers no-work to an old contact after a new one began', () => {
    const device = aDevice(aKnownDevice(factory));
    const { orderId } = writing(device);
    const next = orderOf(open(device, { contactId: 'contact-0000000002' }));
    expect(next).toMatchObject({ orderId, attempt: 2, failedAttempts: 1 });
    const late = aStepCompleted({ orderId, kind: 'write-items', isStepFinished: true, isOrderFinished: false });
    expect(device.completeStep(late, NOON)).toEqual({ kind: 'no-work', moreOrdersWaiting: false });
    expect(device.state.applied.get('sntp-addr')).toBe('ntp.example.org');
  });
});

describe('attempts', () => {
  it('rests after giving up also when the phone has to be read at every contact', () => {
    const device = aDevice(aKnownDevice(factory), { limits: { ...aContext().limits, maxAttempts: 2 } });
    const kinds: string[] = [];
    for (let contact = 1; contact <= 4; contact++) {
      const contactId = `contact-000000000${contact}`;
      const reading = orderOf(open(device, { contactId, configurationChanged: true }));
      kinds.push(reading.kind);
      const answer = playOrder(device, reading, factory);
      if (answer.kind === 'order') kinds.push(answer.order.kind);
      device.closeContact(contactId, answer.kind === 'order' ? 'step-failed' : 'no-work');
    }
    expect(kinds).toEqual(['read-all', 'configure', 'read-all', 'configure', 'read-all', 'read-all']);
    expect(device.state.compliance).toBe('failed');
  });

  it('gives an order up after too many failed attempts and rests before it tries the same again', () => {
    const device = aDevice(aKnownDevice(factory));
    for (const attempt of [1, 2, 3]) {
      const contactId = `contact-000000000${attempt}`;
      const order = orderOf(open(device, { contactId }));
      expect(order.attempt).toBe(attempt);
      device.closeContact(contactId, 'expired');
    }
    expect(device.changedOrders()).toMatchObject([{ state: 'failed', failureCode: 'gave-up-after-expired' }]);
    expect(device.state.compliance).toBe('failed');
    expect(open(device, { contactId: 'contact-0000000004' }).kind).toBe('no-work');

    const later = new Date(NOON.getTime() + 2 * 3_600_000);
    const rested = aDevice(device.state, { now: later, newOrderId: () => '00000000-0000-4000-8000-000000000099' });
    expect(orderOf(open(rested, { contactId: 'contact-0000000005' })).attempt).toBe(1);
  });

  it('does not count an order that no gateway waited for', () => {
    const device = aDevice(aKnownDevice(factory));
    open(device);
    device.closeContact('contact-0000000001', 'deadline');
    expect(device.changedOrders()).toMatchObject([{ state: 'pending', failedAttempts: 0 }]);
  });

  it('expires offered orders, and still takes what comes later in the same contact', () => {
    const device = aDevice(aKnownDevice(factory));
    const { orderId } = orderOf(open(device));
    const later = aDevice(device.state, { now: new Date(NOON.getTime() + 61_000) }, device.changedOrders());
    later.expireOrders();
    expect(later.changedOrders()).toMatchObject([{ state: 'pending', failedAttempts: 1, expiresAt: null }]);
    const step = aStepCompleted({ orderId, kind: 'write-items', isOrderFinished: false });
    expect(orderOf(later.completeStep(step, NOON))).toMatchObject({ state: 'running', fromStep: 1 });
  });

  it.each(['failed', 'busy'] as const)('counts an attempt once whose end (%s) was published twice', (outcome) => {
    const device = aDevice(aKnownDevice(factory));
    const { orderId } = orderOf(open(device));
    const end = aStepCompleted({ orderId, kind: 'write-items', outcome, isStepFinished: false, awaitingWork: false });
    device.completeStep(end, NOON);
    device.completeStep(end, NOON);
    expect(device.changedOrders()).toMatchObject([{ state: 'pending', failedAttempts: outcome === 'busy' ? 0 : 1 }]);
  });

  it('ends an attempt in which a phone keeps answering the same message', () => {
    const device = aDevice(aKnownDevice(factory));
    const { orderId } = orderOf(open(device));
    const same = { orderId, kind: 'write-items' as const, isStepFinished: false, isOrderFinished: false };
    const answers = Array.from({ length: 25 }, () => device.completeStep(aStepCompleted(same), NOON).kind);
    expect(answers.slice(0, 3)).toEqual(['order', 'order', 'order']);
    expect(answers.slice(-3)).toEqual(['no-work', 'no-work', 'no-work']);
    expect(device.changedOrders()).toMatchObject([
      { state: 'pending', failedAttempts: 1, lastAttemptEnd: 'step-failed' },
    ]);
  });

  it('replaces an order whose content is not wanted any more', () => {
    const device = aDevice(aKnownDevice(factory));
    const first = orderOf(open(device));
    const changed = aPolicySet({ revision: 2, items: [{ name: 'sntp-addr', value: 'ntp2.example.org' }] });
    const next = aDevice(
      device.state,
      { policies: changed, newOrderId: () => '00000000-0000-4000-8000-000000000099' },
      [first],
    );
    const second = orderOf(open(next, { contactId: 'contact-0000000002' }));
    expect(second.orderId).not.toBe(first.orderId);
    expect(next.changedOrders()).toMatchObject([
      { orderId: first.orderId, state: 'superseded', steps: first.steps },
      { orderId: second.orderId, state: 'offered' },
    ]);
  });

  it('does not ask for everything again in a contact whose report stayed incomplete', () => {
    const device = aDevice();
    const { orderId } = orderOf(open(device));
    device.reportItems(someItemsReported([], { orderId }), undefined, NOON);
    expect(device.completeStep(aStepCompleted({ orderId }), NOON)).toEqual({
      kind: 'no-work',
      moreOrdersWaiting: false,
    });
    expect(device.changedOrders()).toMatchObject([{ state: 'pending', lastAttemptEnd: 'report-incomplete' }]);
  });
});

describe('things that should not happen', () => {
  it('ignores the replay of an old contact', () => {
    const device = aDevice(aConfiguredDevice());
    const old = new Date(NOON.getTime() - 3_600_000);
    expect(device.openContact(anOpening({ configurationChanged: true }), 'device-started', old).kind).toBe('no-work');
    expect(device.state.isReportStale).toBe(false);
  });

  it('goes on after a gateway whose clock was ahead', () => {
    const device = aDevice(aKnownDevice(factory));
    const ahead = new Date(NOON.getTime() + 86_400_000);
    device.openContact(anOpening(), 'device-started', ahead);
    device.closeContact('contact-0000000001', 'expired');
    expect(orderOf(open(device, { contactId: 'contact-0000000002' })).attempt).toBe(2);
  });

  it('ignores the replay of an old report', () => {
    const device = aDevice(aConfiguredDevice());
    const old = new Date(NOON.getTime() - 3_600_000);
    device.reportItems(someItemsReported(factory), factory, old);
    expect(device.state).toMatchObject({ compliance: 'compliant', fullReportAt: NOON });
  });

  it('answers an answer to an order it does not know', () => {
    const device = aDevice(aConfiguredDevice());
    const unknown = aStepCompleted({ orderId: '00000000-0000-4000-8000-0000000000ff' });
    expect(device.completeStep(unknown, NOON)).toEqual({ kind: 'no-work', moreOrdersWaiting: false });
  });

  it('offers nothing when nobody waits for an answer', () => {
    const device = aDevice(aKnownDevice(factory));
    expect(open(device, { awaitingWork: false }).kind).toBe('no-work');
    expect(device.changedOrders()).toEqual([]);
  });
});
