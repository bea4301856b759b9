import { fileURLToPath } from 'node:url';
import { execFileSync } from 'node:child_process';
import { parseDeviceId, type DeviceDirective, type DeviceId } from '@opendls/event-contracts';
import { DeviceDirectives } from './device-directives.js';
import { ModeCheck, type ShownCertificate } from './mode-check.js';

const id = (text: string): DeviceId => parseDeviceId(text)!;
const PHONE = id('001ae8005301');
const OTHER = id('id-soft-1');

function directive(parts: Partial<DeviceDirective> = {}): DeviceDirective {
  return { deviceId: PHONE, isWorkPending: false, requiresSecureMode: false, revokedCertificates: [], ...parts };
}

describe('DeviceDirectives', () => {
  it('says what was said last of each phone, and nothing of others', () => {
    const directives = new DeviceDirectives();
    directives.set(directive({ isWorkPending: true }));
    directives.set(directive({ deviceId: OTHER, requiresSecureMode: true, revokedCertificates: ['0a1b'] }));
    expect([directives.isWorkPending(PHONE), directives.requiresSecureMode(PHONE)]).toEqual([true, false]);
    expect([directives.isWorkPending(OTHER), directives.requiresSecureMode(OTHER)]).toEqual([false, true]);
    expect(directives.isWorkPending(id('001ae8005302'))).toBe(false);
    directives.set(directive({ requiresSecureMode: true }));
    expect([directives.isWorkPending(PHONE), directives.requiresSecureMode(PHONE)]).toEqual([false, true]);
  });

  it('compares serial numbers as numbers', () => {
    const directives = new DeviceDirectives();
    directives.set(directive({ revokedCertificates: ['00a1b'] }));
    expect([directives.isRevoked(PHONE, '0A1B'), directives.isRevoked(PHONE, 'a1')]).toEqual([true, false]);
    directives.set(directive());
    expect(directives.isRevoked(PHONE, 'a1b')).toBe(false);
  });

  it('keeps nothing of a phone about which nothing is said any more', () => {
    const directives = new DeviceDirectives();
    directives.set(directive({ isWorkPending: true, revokedCertificates: ['1'] }));
    directives.set(directive());
    directives.set(directive({ deviceId: OTHER, isWorkPending: true, revokedCertificates: ['1'] }));
    expect(directives.size).toBe(1);
    directives.remove(OTHER);
    expect([directives.size, directives.isWorkPending(OTHER), directives.isRevoked(OTHER, '1')]).toEqual([
      0,
      false,
      false,
    ]);
  });

  it('takes at most 100 bytes for a phone', () => {
    // A process of its own, as only there the heap can be measured.
    const program = fileURLToPath(new URL('../../test/directives-memory.ts', import.meta.url));
    const hooks = new URL('../../../../tools/run-typescript.mjs', import.meta.url).href;
    const bytes = Number(
      execFileSync(process.execPath, ['--expose-gc', '--import', hooks, program], { encoding: 'utf8' }),
    );
    expect(bytes).toBeGreaterThan(5);
    expect(bytes).toBeLessThan(100);
  });
});

describe('ModeCheck', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const certificate: ShownCertificate = {
    deviceId: PHONE,
    serialNumber: '1b',
    notAfter: new Date('2027-01-01T00:00:00Z'),
  };
  const expired = { ...certificate, notAfter: now };

  it.each<
    [Partial<DeviceDirective>, 'default' | 'secure' | 'legacy', ShownCertificate | undefined, string | undefined]
  >([
    [{}, 'default', undefined, undefined],
    [{}, 'legacy', undefined, undefined],
    [{}, 'secure', certificate, undefined],
    [{ requiresSecureMode: true }, 'secure', certificate, undefined],
    [{ requiresSecureMode: true }, 'default', undefined, 'secure-mode-required'],
    [{ requiresSecureMode: true }, 'legacy', undefined, 'secure-mode-required'],
    [{}, 'secure', undefined, 'certificate-missing'],
    [{}, 'secure', { ...certificate, deviceId: OTHER }, 'certificate-mismatch'],
    [{}, 'secure', { ...certificate, deviceId: undefined }, 'certificate-mismatch'],
    [{}, 'secure', expired, 'certificate-expired'],
    [{ revokedCertificates: ['1b'] }, 'secure', certificate, 'certificate-revoked'],
    [{ revokedCertificates: ['1c'] }, 'secure', certificate, undefined],
  ])('%j on the %s listener with %j: %s', (parts, listener, shown, expected) => {
    const directives = new DeviceDirectives();
    directives.set(directive(parts));
    expect(new ModeCheck(directives, () => now).refusal(PHONE, listener, shown)).toBe(expected);
  });
});
