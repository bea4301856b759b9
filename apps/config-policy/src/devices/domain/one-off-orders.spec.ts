import type { ContactOpened, ReportedItem, WorkOrderStep } from '@opendls/event-contracts';
import {
  aContext,
  anOpening,
  aPolicySet,
  aStepCompleted,
  DEVICE_ID,
  NOON,
  someItemsReported,
} from '../../../test/builders.js';
import type { NewOrder, Verification, WorkOrder } from '../../work-orders/domain/work-order.js';
import { unknownDevice, type DeviceState } from './device-state.js';
import { ManagedDevice, type Answer, type DecisionContext } from './managed-device.js';
import { replaceReport } from './phone-report.js';

const MINUTE = 60_000;
const policies = aPolicySet({ items: [{ name: 'sntp-addr', value: 'ntp.example.org' }] });
const READ: WorkOrderStep = { kind: 'read-items', items: [{ name: 'display-id-unicode' }, { name: 'sip-pwd' }] };
const WRITE: WorkOrderStep = { kind: 'write-items', items: [{ name: 'display-id-unicode', value: 'Lobby' }] };
const RESTART: WorkOrderStep = { kind: 'restart', items: [] };
const FIRMWARE: WorkOrderStep = { kind: 'software-deployment', items: [{ name: 'file-type', value: 'APP' }] };
const FILES: WorkOrderStep = { kind: 'file-deployment', items: [{ name: 'file-type', index: 1, value: 'LOGO' }] };
const toV3R6: Verification = {
  kind: 'firmware',
  version: '3.6.0.0',
  previousVersion: 'V3 R5.12.0',
  timeoutMs: 120 * MINUTE,
};
const twoFiles: Verification = {
  kind: 'deployment-status',
  files: [
    { name: 'logo.png', type: 'LOGO', action: 'deploy', index: 1 },
    { name: 'old.mp3', type: 'RINGTONE', action: 'delete', index: 2 },
  ],
  readAllAfterMs: 5 * MINUTE,
  timeoutMs: 60 * MINUTE,
};

/** A phone and its orders over several moments; each moment loads what the one before stored. */
class Phone {
  state: DeviceState;
  private orders: readonly WorkOrder[] = [];
  private contacts = 0;
  private created = 0;
  now = NOON;

  constructor(private readonly overrides: Partial<DecisionContext> = {}) {
    this.state = unknownDevice(DEVICE_ID, NOON);
    this.state.contactId = 'contact-before-0001';
    this.state.fullReportAt = NOON;
    this.state.report = replaceReport([{ name: 'sntp-addr', value: 'ntp.example.org' }]);
    this.state.facts = anOpening().device;
  }

  use<T>(work: (device: ManagedDevice) => T): T {
    const context = aContext({ policies, ...this.overrides, now: this.now });
    const newOrderId = (): string => `00000000-0000-4000-9000-${String(++this.created).padStart(12, '0')}`;
    const device = new ManagedDevice(this.state, this.orders, { ...context, newOrderId });
    const result = work(device);
    const changed = device.changedOrders();
    const ids = new Set(changed.map(({ orderId }) => orderId));
    this.orders = [...this.orders.filter(({ orderId }) => !ids.has(orderId)), ...changed];
    return result;
  }

  pass(ms: number): this {
    this.now = new Date(this.now.getTime() + ms);
    return this;
  }

  request(kind: WorkOrder['kind'], steps: readonly WorkOrderStep[], more: Partial<NewOrder> = {}): string {
    const orderId = `00000000-0000-4000-8000-${String(++this.created).padStart(12, '0')}`;
    this.pass(1);
    const order = { orderId, deviceId: DEVICE_ID, kind, steps, targets: new Map(), createdAt: this.now, ...more };
    return this.use((device) => device.request({ origin: 'request', rank: 'request', ...order })).orderId;
  }

  open(reason = 'device-solicited', overrides: Partial<ContactOpened> = {}): Answer {
    const contactId = overrides.contactId ?? `contact-${String(++this.contacts).padStart(10, '0')}`;
    return this.use((device) => device.openContact(anOpening({ contactId, ...overrides }), reason, this.now));
  }

  answer(order: WorkOrder, outcome: 'accepted' | 'failed' | 'busy' | 'sent', overrides = {}): Answer {
    const { orderId, attempt, contactId } = order;
    const kind = order.steps[0]?.kind ?? 'restart';
    const ref = { orderId, attempt, contactId: contactId ?? '', kind, outcome };
    const isFinished = outcome === 'accepted' || outcome === 'sent';
    const event = aStepCompleted({
      ...ref,
      isStepFinished: isFinished,
      isOrderFinished: isFinished,
      awaitingWork: outcome === 'accepted',
      ...overrides,
    });
    return this.use((device) => device.completeStep(event, this.now));
  }

  close(order: WorkOrder, outcome: 'completed' | 'busy' | 'restarting' | 'expired' | 'step-failed' | 'deadline'): void {
    this.use((device) => device.closeContact(order.contactId ?? '', outcome));
  }

  order(orderId: string): WorkOrder {
    const order = this.orders.find((one) => one.orderId === orderId);
    if (order === undefined) throw new Error('no such order');
    return order;
  }

  get policyOrders(): readonly string[] {
    return this.orders.filter(({ origin }) => origin === 'policy').map(({ kind, state }) => `${kind} ${state}`);
  }
}

function orderOf(answer: Answer): WorkOrder {
  if (answer.kind !== 'order') throw new Error('expected an order, got no-work');
  return answer.order;
}

/** What a phone says of a deployment. */
function deployment(status: string, overrides: Partial<ContactOpened> = {}, name?: string): Partial<ContactOpened> {
  const items = [
    { name: 'file-deployment-status', value: status },
    ...(name === undefined ? [] : [{ name: 'file-deployment-name', value: name }]),
  ];
  return { items, ...overrides };
}

describe('the queue', () => {
  it('does requests by their age before what policies want, all in one contact', () => {
    const phone = new Phone();
    phone.state.report = replaceReport([{ name: 'sntp-addr', value: '' }]);
    const first = phone.request('write', [WRITE]);
    const second = phone.request('read', [READ]);
    const one = orderOf(phone.open());
    expect(one.orderId).toBe(first);
    const two = orderOf(phone.answer(one, 'accepted'));
    expect(two.orderId).toBe(second);
    expect(orderOf(phone.answer(two, 'accepted'))).toMatchObject({ kind: 'configure', origin: 'policy' });
    expect([first, second].map((id) => phone.order(id).state)).toEqual(['done', 'done']);
  });

  it('goes on with other requests after one the phone did not accept, and does not offer that again', () => {
    const phone = new Phone();
    const refused = phone.request('write', [WRITE]);
    const other = phone.request('read', [READ]);
    const order = orderOf(phone.open());
    phone.answer(order, 'failed');
    phone.close(order, 'step-failed');
    expect(phone.order(refused)).toMatchObject({ state: 'failed', failureCode: 'step-failed' });
    expect(orderOf(phone.open()).orderId).toBe(other);
  });

  it('keeps the values of a read, none of them secret', () => {
    const phone = new Phone();
    const id = phone.request('read', [READ]);
    const order = orderOf(phone.open());
    const items = [
      { name: 'display-id-unicode', value: 'Lobby' },
      { name: 'sip-pwd', value: 'leaked' },
      { name: 'nonsense', status: 'unknown item' },
    ];
    const event = someItemsReported(items, { orderId: id, contactId: order.contactId ?? '', scope: 'some' });
    phone.use((device) => device.reportItems(event, items, NOON));
    phone.answer(order, 'accepted');
    expect(phone.order(id)).toMatchObject({
      state: 'done',
      answers: [
        { name: 'display-id-unicode', value: 'Lobby' },
        { name: 'sip-pwd', secret: true },
        { name: 'nonsense', status: 'unknown item' },
      ],
    });
    expect(JSON.stringify(phone.order(id))).not.toContain('leaked');
  });

  it('masks a value that a policy holds to be secret', () => {
    const secret = aPolicySet({ items: [{ name: 'display-id-unicode', secretRef: 'names/lobby' }] });
    const phone = new Phone({ policies: secret, secrets: new Map([['names/lobby', 'geheim']]) });
    const id = phone.request('read', [READ]);
    const order = orderOf(phone.open());
    const items = [{ name: 'display-id-unicode', value: 'geheim' }];
    const event = someItemsReported(items, { orderId: id, contactId: order.contactId ?? '', scope: 'some' });
    phone.use((device) => device.reportItems(event, items, NOON));
    expect(phone.order(id).answers).toEqual([{ name: 'display-id-unicode', secret: true }]);
  });

  it('is called off only while it waits', () => {
    const phone = new Phone();
    const waiting = phone.request('restart', [RESTART]);
    expect(phone.use((device) => device.cancel(waiting))).toBe(true);
    expect(phone.order(waiting)).toMatchObject({ state: 'cancelled', closedAt: phone.now });
    const offered = phone.request('restart', [RESTART]);
    phone.open();
    expect(phone.use((device) => device.cancel(offered))).toBe(false);
  });
});

describe('a busy phone', () => {
  it('is offered its work again when it comes anew with the id of the contact in which it was busy', () => {
    const phone = new Phone();
    const write = phone.request('write', [WRITE]);
    const order = orderOf(phone.open());
    phone.answer(order, 'busy');
    phone.close(order, 'busy');
    // Some phones repeat their nonces, of which contact ids are made.
    const again = phone.pass(MINUTE).open('device-solicited', { contactId: order.contactId ?? '' });
    expect(orderOf(again)).toMatchObject({ orderId: write, attempt: 2 });
  });

  it('gets nothing more in that contact, reading jobs first at the next, then the others in their order', () => {
    const phone = new Phone();
    const write = phone.request('write', [WRITE]);
    const restart = phone.request('restart', [RESTART], { verification: { kind: 'start-up', timeoutMs: MINUTE } });
    const read = phone.request('read', [READ]);
    const order = orderOf(phone.open());
    expect(order.orderId).toBe(write);
    expect(phone.answer(order, 'busy')).toEqual({ kind: 'no-work', moreOrdersWaiting: true });
    phone.close(order, 'busy');
    expect(phone.order(write)).toMatchObject({ state: 'pending', lastAttemptEnd: 'busy', failedAttempts: 0 });

    // Woken during the call: what writes nothing can be done (PROTOCOL 4.6).
    const during = orderOf(phone.open());
    expect(during.orderId).toBe(read);
    const again = orderOf(phone.answer(during, 'accepted'));
    expect(again).toMatchObject({ orderId: write, attempt: 2 });
    expect(orderOf(phone.answer(again, 'accepted')).orderId).toBe(restart);
  });
});

describe('a restart', () => {
  const verification: Verification = { kind: 'start-up', timeoutMs: 15 * MINUTE };

  it('is verified by the next start-up, not by another contact', () => {
    const phone = new Phone();
    const id = phone.request('restart', [RESTART], { verification });
    const order = orderOf(phone.open());
    phone.answer(order, 'sent');
    phone.close(order, 'restarting');
    expect(phone.order(id).state).toBe('verifying');
    expect(phone.pass(30_000).open('local-changes-reported')).toEqual({ kind: 'no-work', moreOrdersWaiting: false });
    expect(phone.order(id).state).toBe('verifying');
    phone.pass(MINUTE).open('device-started');
    expect(phone.order(id)).toMatchObject({ state: 'done', failureCode: null });
  });

  it('fails when the phone does not come up', () => {
    const phone = new Phone();
    const id = phone.request('restart', [RESTART], { verification });
    phone.answer(orderOf(phone.open()), 'sent');
    phone.pass(15 * MINUTE).use((device) => device.expireOrders());
    expect(phone.order(id)).toMatchObject({ state: 'failed', failureCode: 'not-verified' });
  });

  it('is sent once more to a phone that repeats its message at once, as the same attempt', () => {
    const phone = new Phone();
    const id = phone.request('restart', [RESTART], { verification });
    const order = orderOf(phone.open());
    phone.answer(order, 'sent');
    const again = orderOf(phone.pass(4_000).open('device-solicited', { contactId: order.contactId ?? '' }));
    expect(again).toMatchObject({ orderId: id, attempt: 1, fromStep: 0 });
  });

  it('is not repeated after a gateway died with it and the phone booted', () => {
    const phone = new Phone();
    const id = phone.request('restart', [RESTART], { verification });
    phone.open();
    phone.pass(2 * MINUTE).open('device-started');
    expect(phone.order(id)).toMatchObject({ state: 'done', attempt: 1 });
  });

  it('is sent again after the same when the phone did not boot', () => {
    const phone = new Phone();
    const id = phone.request('restart', [RESTART], { verification });
    phone.open();
    expect(orderOf(phone.pass(2 * MINUTE).open())).toMatchObject({ orderId: id, attempt: 2 });
  });

  it('by factory reset forgets all the phone had, so that everything is read and written again', () => {
    const phone = new Phone();
    const id = phone.request('factory-reset', [RESTART], { verification });
    phone.state.applied.set('sntp-addr', 'ntp.example.org');
    phone.answer(orderOf(phone.open()), 'sent');
    expect([phone.state.report.size, phone.state.applied.size, phone.state.fullReportAt]).toEqual([0, 0, null]);
    expect(orderOf(phone.pass(MINUTE).open('device-started'))).toMatchObject({ kind: 'read-all' });
    expect(phone.order(id).state).toBe('done');
  });
});

describe('firmware', () => {
  const verification = toV3R6;
  const withVersion = (softwareVersion: string): Partial<ContactOpened> => ({
    device: { ...anOpening().device, softwareVersion },
  });

  it('is done when the phone starts with the version, in whatever form', () => {
    const phone = new Phone();
    const id = phone.request('firmware', [FIRMWARE], { verification });
    phone.answer(orderOf(phone.open()), 'sent');
    phone.pass(4 * MINUTE).open('device-started', withVersion('V3 R6.0.0'));
    expect(phone.order(id).state).toBe('done');
  });

  it('is not sent to a phone that runs it already', () => {
    const phone = new Phone();
    phone.state.facts = { ...phone.state.facts, softwareVersion: 'V3 R6.0.0' };
    const id = phone.request('firmware', [FIRMWARE], { verification });
    expect(phone.order(id)).toMatchObject({ state: 'done', attempt: 0 });
    const late = new Phone();
    const other = late.request('firmware', [FIRMWARE], { verification });
    late.open('device-started', withVersion('V3 R6.0.0'));
    expect(late.order(other)).toMatchObject({ state: 'done', attempt: 0 });
  });

  it('is offered again only 15 minutes after the last time, however often the phone starts', () => {
    const phone = new Phone();
    const id = phone.request('firmware', [FIRMWARE], { verification });
    phone.answer(orderOf(phone.open()), 'sent');
    for (const minutes of [2, 5, 7]) {
      expect(phone.pass(minutes * MINUTE).open('device-started', withVersion('V3 R5.12.0')).kind).not.toBe('order');
    }
    expect(phone.order(id)).toMatchObject({ state: 'pending', lastAttemptEnd: 'not-verified', attempt: 1 });
    expect(phone.use((device) => device.pendingWork().from)?.getTime()).toBeGreaterThan(phone.now.getTime());
    expect(orderOf(phone.pass(2 * MINUTE).open())).toMatchObject({ orderId: id, attempt: 2 });
  });

  it('waits for an idle phone that rejects it as busy, although it seemed to be sent', () => {
    const phone = new Phone();
    const id = phone.request('firmware', [FIRMWARE], { verification });
    const order = orderOf(phone.open());
    phone.answer(order, 'sent');
    phone.answer(order, 'busy');
    expect(phone.order(id)).toMatchObject({ state: 'pending', lastAttemptEnd: 'busy', failedAttempts: 0 });
    expect(orderOf(phone.pass(MINUTE).open())).toMatchObject({ orderId: id, attempt: 2 });
  });

  it('fails when a status says so', () => {
    const phone = new Phone();
    const id = phone.request('firmware', [FIRMWARE], { verification });
    phone.answer(orderOf(phone.open()), 'sent');
    phone.pass(MINUTE).open('deployment-reported', deployment('failed'));
    expect(phone.order(id)).toMatchObject({ state: 'failed', failureCode: 'deployment-failed' });
  });

  it('of an unknown version fails when the phone comes back with the same', () => {
    const phone = new Phone();
    const unknown = { ...toV3R6, version: null } as Verification;
    const id = phone.request('firmware', [FIRMWARE], { verification: unknown });
    phone.answer(orderOf(phone.open()), 'sent');
    phone.pass(4 * MINUTE).open('device-started');
    expect(phone.order(id)).toMatchObject({ state: 'failed', failureCode: 'version-unchanged' });
  });
});

describe('files', () => {
  const single: Verification = {
    kind: 'deployment-status',
    files: [{ name: 'logo.png', type: 'LOGO', action: 'deploy' }],
    readAllAfterMs: 5 * MINUTE,
    timeoutMs: 60 * MINUTE,
  };

  const oneAndNoMore: Verification = {
    ...single,
    files: [
      { name: 'logo.png', type: 'LOGO', action: 'deploy', index: 1 },
      { name: 'gone.png', type: 'LOGO', action: 'delete', index: 2 },
    ],
  };

  it('one: done or failed by its status, which is kept', () => {
    for (const [status, outcome, state] of [
      ['ok', 'accepted', 'done'],
      ['no space', 'failed', 'failed'],
    ] as const) {
      const phone = new Phone();
      const id = phone.request('file', [FILES], { verification: single });
      const order = orderOf(phone.open());
      const contactId = order.contactId ?? '';
      phone.open('deployment-reported', deployment(status, { contactId, awaitingWork: false }));
      phone.answer(order, outcome);
      expect(phone.order(id)).toMatchObject({ state, answers: [{ name: 'file-deployment-status', value: status }] });
    }
  });

  it('one: its status also counts in a contact of its own, after the gateway died', () => {
    const phone = new Phone();
    const id = phone.request('file', [FILES], { verification: single });
    phone.open();
    phone.pass(MINUTE).open('deployment-reported', deployment('ok', {}, 'logo.png'));
    expect(phone.order(id).state).toBe('done');
  });

  it('several: the statuses of all of them count, in any order', () => {
    const phone = new Phone();
    const id = phone.request('file', [FILES], { verification: twoFiles });
    phone.answer(orderOf(phone.open()), 'sent');
    expect(phone.order(id).state).toBe('verifying');
    phone.pass(1_000).open('deployment-reported', deployment('ok', {}, 'old.mp3'));
    expect(phone.order(id).state).toBe('verifying');
    phone.open('deployment-reported', deployment('ok', {}, 'other.png'));
    expect(phone.order(id).state).toBe('verifying');
    phone.open('deployment-reported', deployment('ok', {}, 'logo.png'));
    expect(phone.order(id).state).toBe('done');
  });

  it('several without a status: everything is read after a while, and tells', () => {
    const phone = new Phone();
    const id = phone.request('file', [FILES], { verification: twoFiles });
    phone.answer(orderOf(phone.open()), 'sent');
    phone.pass(5 * MINUTE).use((device) => device.expireOrders());
    expect(phone.order(id).state).toBe('verifying');
    expect(phone.use((device) => device.pendingWork().from)).not.toBeNull();
    const reading = orderOf(phone.open());
    expect(reading.kind).toBe('read-all');
    const items = [
      { name: 'sntp-addr', value: 'ntp.example.org' },
      { name: 'file-deployment-name', index: 7, value: 'logo.png' },
      { name: 'file-deployment-type', index: 7, value: 'LOGO' },
      { name: 'file-deployment-status', index: 7, value: 'OK' },
    ];
    const event = someItemsReported(items, { orderId: reading.orderId, contactId: reading.contactId ?? '' });
    phone.use((device) => device.reportItems(event, items, phone.now));
    expect(phone.order(id)).toMatchObject({ state: 'done' });
  });

  it('several without a status: a full report right after tells of files that were not there before, and of deletions', () => {
    const names = (...values: string[]): ReportedItem[] =>
      values.flatMap((value, index) => [
        { name: 'file-deployment-name', index, value },
        { name: 'file-deployment-status', index, value: 'ok' },
      ]);
    for (const [before, after, state] of [
      [['gone.png'], ['logo.png'], 'done'],
      // The old file of the name may be what is listed.
      [['gone.png', 'logo.png'], ['logo.png'], 'verifying'],
      [['gone.png'], ['gone.png', 'logo.png'], 'verifying'],
    ] as const) {
      const phone = new Phone();
      Object.assign(phone.state, { report: replaceReport(names(...before)), fullReportAt: NOON });
      const id = phone.request('file', [FILES], { verification: oneAndNoMore });
      const reading = phone.request('read-all', [{ kind: 'read-all-items' }]);
      phone.answer(orderOf(phone.open()), 'sent');
      const order = orderOf(phone.pass(1_000).open());
      expect(order.orderId).toBe(reading);
      const event = someItemsReported(names(...after), { orderId: reading, contactId: order.contactId ?? '' });
      phone.use((device) => device.reportItems({ ...event, scope: 'all' }, names(...after), phone.now));
      expect(phone.order(id).state).toBe(state);
    }
  });

  it('several: nobody knows in the end', () => {
    const phone = new Phone();
    const id = phone.request('file', [FILES], { verification: twoFiles });
    phone.answer(orderOf(phone.open()), 'sent');
    phone.pass(5 * MINUTE).use((device) => device.expireOrders());
    phone.pass(55 * MINUTE).use((device) => device.expireOrders());
    expect(phone.order(id)).toMatchObject({ state: 'failed', failureCode: 'not-verified' });
  });
});

describe('pending work', () => {
  it('is there for requests and for differences, not for what is under way or was given up', () => {
    const phone = new Phone();
    const pending = (): boolean => phone.use((device) => device.pendingWork().from !== null);
    expect(pending()).toBe(false);
    phone.request('read', [READ]);
    expect(pending()).toBe(true);
    const order = orderOf(phone.open());
    expect(pending()).toBe(false);
    phone.close(order, 'expired');
    expect(pending()).toBe(true);
    const drifted = new Phone();
    drifted.state.report = replaceReport([{ name: 'sntp-addr', value: '' }]);
    expect(drifted.use((device) => device.pendingWork().from)).toEqual(NOON);
    for (let attempt = 0; attempt < 3; attempt++) drifted.close(orderOf(drifted.open()), 'expired');
    expect(drifted.use((device) => device.pendingWork().from)).toBeNull();
  });

  it('is urgent until the phone was asked in its contact', () => {
    const phone = new Phone();
    phone.request('read', [READ], { wantsContactNow: true });
    expect(phone.use((device) => device.pendingWork().isUrgent)).toBe(true);
    phone.close(orderOf(phone.open()), 'expired');
    expect(phone.use((device) => device.pendingWork())).toMatchObject({ isUrgent: false });
  });
});
