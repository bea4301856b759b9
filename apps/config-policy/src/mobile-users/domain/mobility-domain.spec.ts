import { checkProfile } from './check-profile.js';
import { afterFailure, isLocked, NO_FAILURES, PHONE_LIMITS, USER_LIMITS, type FailedLogons } from './logon-limits.js';
import { MobilityChanges } from './mobility-changes.js';
import { userDataNames } from './user-data-items.js';

const NOON = new Date('2026-01-15T12:00:00.000Z');
const later = (ms: number): Date => new Date(NOON.getTime() + ms);

describe('lists of user data', () => {
  it('are read as names of user data, once each; a phone can name nothing else', () => {
    expect(userDataNames(' userdata-vu1,userdata-call-log ,userdata-vu1,admin-pwd,userdata-evil,,')).toEqual([
      'userdata-vu1',
      'userdata-call-log',
    ]);
    expect(userDataNames(undefined)).toEqual([]);
    expect(userDataNames(`userdata-vu1,${'x'.repeat(2_000)}`)).toEqual([]);
  });
});

describe('wrong passwords', () => {
  function fail(times: number, from: FailedLogons = NO_FAILURES): FailedLogons {
    return times === 0 ? from : fail(times - 1, afterFailure(from, NOON, USER_LIMITS));
  }

  it('are free a few times, then cost time that doubles up to a day', () => {
    expect(isLocked(fail(9), NOON)).toBe(false);
    expect(fail(10).lockedUntil).toEqual(later(15 * 60_000));
    expect(fail(11).lockedUntil).toEqual(later(30 * 60_000));
    expect(fail(500).lockedUntil).toEqual(later(24 * 3_600_000));
    expect(isLocked(fail(10), later(15 * 60_000))).toBe(false);
  });

  it('are forgotten after a week without one, and stop a phone earlier than a user', () => {
    expect(afterFailure({ count: 50, lastAt: NOON, lockedUntil: null }, later(8 * 86_400_000), USER_LIMITS).count).toBe(
      1,
    );
    const five = [1, 2, 3, 4, 5].reduce<FailedLogons>((known) => afterFailure(known, NOON, PHONE_LIMITS), NO_FAILURES);
    expect(isLocked(five, NOON)).toBe(true);
  });
});

describe('a profile', () => {
  it.each([
    'sip-mobility-state',
    'e164',
    'mobility-enabled',
    'userdata-vu1',
    'goto-secure-mode',
    'dls-server-ca',
    'admin-pwd',
  ])('has no %s', (name) => {
    const [problem] = checkProfile([{ name, value: '1' }], new Set());
    expect(problem).toMatchObject({ path: 'items[0].name', code: 'not-in-profile' });
  });

  it('is checked by the catalogue, each item once', () => {
    const problems = checkProfile(
      [
        { name: 'sip-user-id', value: '4989100777' },
        { name: 'sip-user-id', value: '4989100778' },
        { name: 'function-key-def', value: '1' },
        { name: 'sip-pwd' },
        { name: 'sip-pwd', index: 1, secretRef: 'sip/{{macAddress}}' },
      ],
      new Set(),
    );
    expect(problems.map(({ path, code }) => `${path} ${code}`)).toEqual(
      expect.arrayContaining([
        'items[1] duplicate-item',
        'items[2] index-missing',
        'items[3] invalid-item',
        'items[4].secretRef invalid-secret-ref',
      ]),
    );
  });

  it('keeps a stored secret that is sent back without its value', () => {
    expect(checkProfile([{ name: 'sip-pwd', secret: true }], new Set(['sip-pwd']))).toEqual([]);
    expect(checkProfile([{ name: 'sip-pwd', secret: true }], new Set())).toHaveLength(1);
  });
});

describe('user data of a phone', () => {
  it('replaces a whole item, or nothing of it when a chunk cannot be opened or it is too large', () => {
    const changes = new MobilityChanges();
    const chunk = (index: number, value: string) => ({ name: 'userdata-vu1', index, value });
    changes.saveUserData('1', 'userdata-vu1', [chunk(1, 'a'), undefined]);
    changes.saveUserData('1', 'userdata-vu1', [chunk(1, 'a'), chunk(1, 'b')]);
    changes.saveUserData('1', 'userdata-vu1', [chunk(1, 'x'.repeat(500_001))]);
    expect(changes.saved).toEqual([]);
    expect(changes.dropped).toBe(3);
    changes.saveUserData('1', 'userdata-vu1', []);
    changes.saveUserData('1', 'userdata-vu1', [chunk(1, 'a'), chunk(2, 'b')]);
    expect(changes.saved).toEqual([{ e164: '1', name: 'userdata-vu1', values: [chunk(1, 'a'), chunk(2, 'b')] }]);
  });
});
