import { after, deviceIdOf } from '../../../test/device-events.js';
import {
  findOngoing,
  findOpened,
  newContact,
  withClosing,
  withOpening,
  type ContactClosing,
  type ContactRecord,
} from './contact-record.js';

const MINUTE = 60;

const CONNECTION = {
  remoteAddress: '192.0.2.31',
  listener: 'legacy',
  tlsVersion: 'TLSv1',
  tlsCipher: 'AES128-SHA',
} as const;

function contactAt(seconds: number, isOpeningKnown = true): ContactRecord {
  return newContact(deviceIdOf(1), 'contact-0123456789', after(seconds), isOpeningKnown ? 'start-up' : null);
}

function closingAt(seconds: number, outcome: ContactClosing['outcome']): ContactClosing {
  const rest = { cleanupReason: null, isSolicitedRequested: false, exchanges: 1, durationMs: null };
  return { closedAt: after(seconds), outcome, ...rest };
}

describe('the contact of an opening message', () => {
  it('is the known one up to 15 minutes later, a new one after that', () => {
    const known = contactAt(0);
    expect(findOpened([known], after(15 * MINUTE))).toBe(known);
    expect(findOpened([known], after(15 * MINUTE + 1))).toBeUndefined();
  });

  it('is the known one when the first of two messages arrives last', () => {
    const known = contactAt(60);
    expect(findOpened([known], after(0))).toBe(known);
    expect(withOpening(known, after(0), 'start-up', CONNECTION).openedAt).toEqual(after(0));
  });

  it('is the one whose opening is missing', () => {
    const known = contactAt(20 * MINUTE, false);
    expect(findOpened([known], after(0))).toBe(known);
    expect(withOpening(known, after(0), 'solicited', CONNECTION)).toMatchObject({
      openedAt: after(0),
      reason: 'solicited',
    });
  });
});

describe('the contact of a later event', () => {
  it('is the newest that had begun, of several with one id', () => {
    const contacts = [contactAt(0), contactAt(60 * MINUTE), contactAt(120 * MINUTE)];
    expect(findOngoing(contacts, after(119 * MINUTE))).toBe(contacts[1]);
  });

  it('may have begun a moment later by the clock of another gateway', () => {
    const contacts = [contactAt(0), contactAt(60 * MINUTE)];
    expect(findOngoing(contacts, after(60 * MINUTE - 2))).toBe(contacts[1]);
  });

  it('is none that is over for long', () => {
    expect(findOngoing([contactAt(0)], after(25 * 60 * MINUTE))).toBeUndefined();
  });
});

describe('the end of a contact', () => {
  it('is the last one that was reported', () => {
    const closed = withClosing(contactAt(0), closingAt(20, 'completed'));
    expect(withClosing(closed, closingAt(10, 'expired')).closing?.outcome).toBe('completed');
    expect(withClosing(closed, closingAt(30, 'busy')).closing?.outcome).toBe('busy');
  });

  it.each(['expired', 'replaced'] as const)(
    'is what the gateway told the phone, not what another one concludes that lost sight of it (%s)',
    (outcome) => {
      const closed = withClosing(contactAt(0), closingAt(10, 'busy'));
      expect(withClosing(closed, closingAt(70, outcome)).closing?.outcome).toBe('busy');
      const lost = withClosing(contactAt(0), closingAt(70, outcome));
      expect(lost.closing?.outcome).toBe(outcome);
      expect(withClosing(lost, closingAt(10, 'busy')).closing?.outcome).toBe('busy');
    },
  );
});
