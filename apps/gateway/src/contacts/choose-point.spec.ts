import type { WorkpointMessage } from '@opendls/dls-codec';
import type { Contact, Position, ResumePoint } from '@opendls/dls-interaction';
import { choosePoint, type Memory } from './choose-point.js';

function aPoint(contact: Partial<Contact> = {}, position: Partial<Position> = {}): ResumePoint {
  return {
    contact: {
      ...{ contactId: 'contact-1', deviceId: '001ae8005301', maxItems: null, nonce: 'ONE', repeats: 'impossible' },
      ...{ exchanges: 1, actions: 1, isReissued: false },
      traits: { legacyEntities: false, canSolicit: true, numericFilePriority: false },
      ...contact,
    },
    position: {
      ...{ orderId: 'order-1', attempt: 1, stepIndex: 0, kind: 'write-items', part: 0, fragment: 0 },
      ...{ isLastPart: false, isLastStep: false, isFragmented: false, isSent: false },
      ...position,
    },
  };
}

function aReply(parts: Partial<WorkpointMessage> = {}): WorkpointMessage {
  return {
    ...{ kind: 'workpoint', nonce: 'ONE', reason: 'reply-to', action: 'WriteItems', status: 'accepted' },
    ...{ fragment: 'final', items: [] },
    ...parts,
  };
}

const first = aPoint();
const second = aPoint({ exchanges: 2, actions: 2 }, { part: 1 });
const seen = { digest: 'empty', repeats: 0, keepsCookie: false };
const last: Memory = { point: second, seen };

describe('the message that a phone answers', () => {
  it('is the one its cookie came with', () => {
    expect(choosePoint(second, { ...last, point: first }, aReply(), 'x').point).toBe(second);
    expect(choosePoint(first, undefined, aReply(), 'x').point).toBe(first);
    expect(choosePoint(aPoint({ contactId: 'other' }), last, aReply(), 'x').point?.contact.contactId).toBe('other');
    expect(choosePoint(undefined, last, aReply(), 'x').point).toBeUndefined();
  });

  it('is the old one when the same is said again, until that is too often to be a lost answer', () => {
    const once = choosePoint(first, last, aReply(), 'empty');
    expect(once).toMatchObject({
      point: { contact: { exchanges: 2, actions: 2 }, position: { part: 0 } },
      seen: { repeats: 1 },
    });
    const twice = choosePoint(first, { ...last, seen: once.seen }, aReply(), 'empty');
    expect(twice).toMatchObject({ point: { position: { part: 0 } }, seen: { repeats: 2 } });
    const thrice = choosePoint(first, { ...last, seen: twice.seen }, aReply(), 'empty');
    expect(thrice).toEqual({ point: second, seen: { digest: 'empty', repeats: 0, keepsCookie: true } });
  });

  it('is the new one, where nonces say nothing, when something else is said', () => {
    expect(choosePoint(first, last, aReply(), 'other')).toMatchObject({ point: second, seen: { keepsCookie: true } });
  });

  it('is the old one when a fresh nonce comes again, and the new one with the next', () => {
    const fresh = aPoint({ exchanges: 2, repeats: 'possible', nonce: 'N2' }, { part: 1 });
    const choose = (nonce: string) => choosePoint(first, { ...last, point: fresh }, aReply({ nonce }), 'other').point;
    expect(choose('N2')?.position.part).toBe(0);
    expect(choose('N3')).toBe(fresh);
  });

  it('is the next fragment when fragments share a nonce', () => {
    const read: Partial<Position> = { kind: 'read-all-items' };
    const cookie = aPoint({}, read);
    const point = aPoint(
      { exchanges: 2, repeats: 'possible', nonce: 'R1' },
      { ...read, fragment: 1, isFragmented: true },
    );
    const fragment = aReply({ nonce: 'R1', action: undefined, fragment: 'final' });
    expect(choosePoint(cookie, { ...last, point }, fragment, 'second fragment').point).toBe(point);
  });

  it('is always the one that is remembered once the phone was seen to keep its cookie', () => {
    expect(choosePoint(first, { ...last, seen: { ...seen, keepsCookie: true } }, aReply(), 'empty').point).toBe(second);
  });

  it('is what a phone with an old cookie was told last, when it reports the file it was told to load', () => {
    const loading: Memory = { point: aPoint({ exchanges: 2 }, { kind: 'file-deployment', stepIndex: 1 }), seen };
    const status = aReply({ reason: 'status', action: undefined, status: undefined });
    expect(choosePoint(first, loading, status, '').point).toBe(loading.point);
    const other = choosePoint(first, { ...loading, point: second }, status, '');
    expect(other.point?.position).toEqual(first.position);
  });
});
