import type { PhoneConnection } from '@opendls/event-contracts';
import {
  accepted,
  certificatesSeen,
  directiveOf,
  failedWith,
  isBelievable,
  seenOn,
  unknownSecurity,
  type DeviceCertificate,
  type DeviceSecurity,
} from './device-security.js';

const NOW = new Date('2026-01-15T12:00:00.000Z');
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

function phone(overrides: Partial<DeviceSecurity> = {}): DeviceSecurity {
  return { ...unknownSecurity('001ae8005301', NOW), ...overrides };
}

function certificate(serialNumber: string, overrides: Partial<DeviceCertificate> = {}): DeviceCertificate {
  return {
    serialNumber,
    purpose: 'secure-mode',
    issuedAt: NOW,
    notAfter: later(86_400_000),
    state: 'issued',
    seenAt: null,
    revokedAt: null,
    revokedBy: null,
    revokedReason: null,
    ...overrides,
  };
}

function certificates(...all: readonly DeviceCertificate[]): Map<string, DeviceCertificate> {
  return new Map(all.map((one) => [one.serialNumber, one]));
}

function on(listener: PhoneConnection['listener'], serialNumber?: string): { readonly connection: PhoneConnection } {
  const shown =
    serialNumber === undefined ? {} : { clientCertificate: { serialNumber, notAfter: later(1).toISOString() } };
  return { connection: { remoteAddress: '192.0.2.31', listener, tlsVersion: null, tlsCipher: null, ...shown } };
}

describe('isBelievable', () => {
  const known = certificates(certificate('aa', { state: 'active' }), certificate('bb', { state: 'revoked' }));

  it.each([
    ['a phone in Default Mode, anywhere', phone(), on('default'), true],
    ['a phone in Default Mode, on the legacy listener', phone(), on('legacy'), true],
    ['a secure phone with its certificate', phone({ requiresSecureMode: true }), on('secure', 'aa'), true],
    ['a secure phone on the default listener', phone({ requiresSecureMode: true }), on('default'), false],
    ['a secure phone on the legacy listener', phone({ requiresSecureMode: true }), on('legacy'), false],
    [
      'a secure phone on the default listener with a certificate',
      phone({ requiresSecureMode: true }),
      on('default', 'aa'),
      false,
    ],
    ['a secure phone without a certificate', phone({ requiresSecureMode: true }), on('secure'), false],
    ['a revoked certificate', phone({ requiresSecureMode: true }), on('secure', 'bb'), false],
    ['a revoked certificate of a phone in Default Mode', phone(), on('secure', 'bb'), false],
    ['a certificate that is not known here', phone(), on('secure', 'cc'), true],
  ])('%s: %#', (_what, security, opening, expected) => {
    expect(isBelievable(security, known, opening)).toBe(expected);
  });
});

describe('seenOn', () => {
  it.each(['default', 'requested', 'bootstrapping', 'failed'] as const)('makes a phone secure that was %s', (mode) => {
    const before = phone({
      mode,
      pendingSerial: 'aa',
      failureCode: 'x',
      bootstrapDeadline: NOW,
      bootstrapContactId: 'c',
    });
    expect(seenOn(before, on('secure', 'aa'), later(1))).toMatchObject({
      ...{ mode: 'secure', modeSince: later(1), requiresSecureMode: true, listener: 'secure' },
      ...{ pendingSerial: null, failureCode: null, bootstrapDeadline: null, bootstrapContactId: null },
    });
  });

  it('does not make a phone secure that comes to the secure listener without a certificate, or elsewhere', () => {
    expect(seenOn(phone(), on('secure'), NOW)).toMatchObject({ mode: 'default', requiresSecureMode: false });
    expect(seenOn(phone({ mode: 'bootstrapping' }), on('default'), NOW)).toMatchObject({ mode: 'bootstrapping' });
  });

  it('changes nothing of a secure phone that comes as ever, and keeps a renewal that is on its way', () => {
    const secure = phone({ mode: 'secure', listener: 'secure', pendingSerial: 'bb', requiresSecureMode: true });
    expect(seenOn(secure, on('secure', 'aa'), later(1))).toBe(secure);
    expect(seenOn(secure, on('secure', 'bb'), later(1))).toMatchObject({ pendingSerial: null, modeSince: NOW });
  });
});

describe('certificatesSeen', () => {
  it('supersedes older ones, and no newer one', () => {
    const all = certificates(
      certificate('old', { state: 'active', issuedAt: later(-2) }),
      certificate('lost', { issuedAt: later(-1) }),
      certificate('shown'),
      certificate('newer', { issuedAt: later(1) }),
      certificate('gone', { state: 'revoked', issuedAt: later(-3) }),
    );
    const { serialNumber, notAfter } = { serialNumber: 'shown', notAfter: NOW.toISOString() };
    const changed = certificatesSeen(all, { serialNumber, notAfter }, later(5));
    expect(changed.map((one) => [one.serialNumber, one.state])).toEqual([
      ['shown', 'active'],
      ['old', 'superseded'],
      ['lost', 'superseded'],
    ]);
    expect(changed[0]?.seenAt).toEqual(later(5));
  });

  it.each(['active', 'superseded', 'revoked'] as const)('leaves one alone that is %s', (state) => {
    const shown = { serialNumber: 'aa', notAfter: NOW.toISOString() };
    expect(certificatesSeen(certificates(certificate('aa', { state })), shown, NOW)).toEqual([]);
  });
});

describe('accepted and failedWith', () => {
  it('wait for the phone after it accepted, and only if somebody asked', () => {
    const asked = phone({ mode: 'requested', pendingSerial: 'aa' });
    expect(accepted(asked, 'contact', NOW, 1_000)).toMatchObject({
      ...{ mode: 'bootstrapping', bootstrapContactId: 'contact', bootstrapDeadline: later(1_000), pendingSerial: 'aa' },
    });
    expect(accepted(phone({ mode: 'secure' }), 'contact', NOW, 1_000).mode).toBe('secure');
    expect(accepted(phone(), 'contact', NOW, 1_000).mode).toBe('default');
  });

  it('never throws a phone out of Secure Mode', () => {
    const secure = phone({ mode: 'secure', requiresSecureMode: true, pendingSerial: 'bb' });
    expect(failedWith(secure, 'x', NOW)).toEqual({ ...secure, pendingSerial: null });
    expect(failedWith(phone({ mode: 'requested' }), 'x', NOW)).toMatchObject({ mode: 'failed', failureCode: 'x' });
  });
});

describe('directiveOf', () => {
  it('names revoked certificates until they end, in a stable order', () => {
    const all = certificates(
      certificate('bb', { state: 'revoked' }),
      certificate('aa', { state: 'revoked' }),
      certificate('cc', { state: 'revoked', notAfter: later(-1) }),
      certificate('dd', { state: 'superseded' }),
    );
    expect(directiveOf(phone({ requiresSecureMode: true }), all, NOW)).toEqual({
      requiresSecureMode: true,
      revokedCertificates: ['aa', 'bb'],
    });
  });
});
