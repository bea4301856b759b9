import type { Order, ResumePoint } from '@opendls/dls-interaction';
import { ContactStore, type OpenContact } from './contact-store.js';
import { HeldOrder } from './held-order.js';

const order = (id: string): Order => ({ orderId: id, attempt: 1, steps: [{ kind: 'read-all-items' }] });
/** Takes exactly so many bytes. */
function held(bytes: number): HeldOrder {
  return HeldOrder.of(order('o'.repeat(bytes - HeldOrder.of(order('')).bytes)));
}
const point = (deviceId: string): ResumePoint => ({
  contact: {
    contactId: `contact-${deviceId}`,
    deviceId,
    maxItems: null,
    nonce: 'N',
    repeats: 'undecided',
    exchanges: 1,
    actions: 1,
    isReissued: false,
    traits: { legacyEntities: false, canSolicit: true, numericFilePriority: false },
  },
  position: {
    orderId: 'o',
    attempt: 1,
    stepIndex: 0,
    kind: 'read-all-items',
    part: 0,
    isLastPart: true,
    isLastStep: true,
    fragment: 0,
    isFragmented: false,
    isSent: false,
  },
});
const open = (deviceId: string, touchedAtMs: number, orderBytes = 100): OpenContact => ({
  point: point(deviceId),
  seen: { digest: '', repeats: 0, keepsCookie: false },
  order: held(orderBytes),
  openedAtMs: 0,
  touchedAtMs,
});

function store(limits: Partial<ConstructorParameters<typeof ContactStore>[0]> = {}): ContactStore {
  return new ContactStore({
    maxContacts: 3,
    maxOrderBytes: 1_000,
    expiryMs: 1_000,
    deploymentExpiryMs: 10_000,
    ...limits,
  });
}

describe('ContactStore', () => {
  it('takes out what was not touched in time, oldest first, and keeps the rest', () => {
    const contacts = store();
    contacts.put('a', open('a', 0));
    contacts.put('b', open('b', 10));
    contacts.put('a', open('a', 500));
    expect(contacts.takeExpired(1_009)).toEqual([]);
    expect(contacts.takeExpired(1_010).map(({ point: { contact } }) => contact.deviceId)).toEqual(['b']);
    expect([contacts.size, contacts.heldOrderBytes]).toEqual([1, 100]);
  });

  it('gives a phone that loads a file its time, and does not keep others for it', () => {
    const contacts = store();
    const loading = open('a', 0);
    const position = { ...loading.point.position, kind: 'file-deployment' as const };
    contacts.put('a', { ...loading, point: { ...loading.point, position } });
    contacts.put('b', open('b', 10));
    const expired = (nowMs: number): string[] => contacts.takeExpired(nowMs).map((one) => one.point.contact.deviceId);
    expect(expired(1_010)).toEqual(['b']);
    expect(expired(9_999)).toEqual([]);
    expect(expired(10_000)).toEqual(['a']);
  });

  it('lets the oldest go when there are too many', () => {
    const contacts = store();
    for (const id of ['a', 'b', 'c']) expect(contacts.put(id, open(id, 0))).toEqual([]);
    expect(contacts.put('d', open('d', 1)).map(({ point: { contact } }) => contact.deviceId)).toEqual(['a']);
    expect(contacts.size).toBe(3);
  });

  it('drops the orders of the oldest when they take too much memory, but not their contacts', () => {
    const contacts = store();
    contacts.put('a', open('a', 0, 600));
    contacts.put('b', open('b', 1, 600));
    expect([contacts.get('a')?.order, contacts.get('b')?.order?.bytes]).toEqual([undefined, 600]);
    expect([contacts.size, contacts.heldOrderBytes]).toEqual([2, 600]);
    contacts.put('c', open('c', 2, 2_000));
    expect(contacts.get('c')?.order).toBeUndefined();
    expect([contacts.size, contacts.heldOrderBytes]).toEqual([3, 0]);
    expect(contacts.takeExpired(1_000).map(({ point: { contact } }) => contact.deviceId)).toEqual(['a']);
  });

  it('counts right when a contact is removed or replaced', () => {
    const contacts = store();
    contacts.put('a', open('a', 0, 100));
    contacts.put('a', { ...open('a', 1), order: undefined });
    expect(contacts.heldOrderBytes).toBe(0);
    contacts.put('a', open('a', 2, 300));
    contacts.remove('a');
    contacts.remove('a');
    expect([contacts.size, contacts.heldOrderBytes]).toEqual([0, 0]);
  });
});

describe('HeldOrder', () => {
  it('gives the order back to the contact that is in the middle of it, and to no other', () => {
    const kept = HeldOrder.of(order('a'));
    expect(kept.open({ orderId: 'a', attempt: 1 })).toEqual(order('a'));
    expect([kept.open({ orderId: 'a', attempt: 2 }), kept.open({ orderId: 'b', attempt: 1 })]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
