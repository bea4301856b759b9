import { likeOf } from './security-report.store.js';
import { toCsvRow } from './security.responses.js';

const PHONE = {
  ...({ deviceId: '001ae8005301', state: 'default', stateSince: null, failureCode: null, listener: null } as const),
  ...{ refusedOpenings: 0, softwareVersion: null, lastSeenAt: '2026-01-15T12:00:00.000Z' },
};

describe('toCsvRow', () => {
  it.each([
    ['OpenStage 60', 'OpenStage 60'],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\r\nb', '"a\r\nb"'],
    ['=1+1', "'=1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['-1', "'-1"],
  ])('writes %j so that it stays one text', (deviceType, expected) => {
    expect(toCsvRow({ ...PHONE, deviceType })).toBe(
      `001ae8005301,default,,,,0,${expected},,2026-01-15T12:00:00.000Z\r\n`,
    );
  });
});

describe('likeOf', () => {
  it.each([
    ['OpenStage *', 'OpenStage %'],
    ['V3 R?.*', 'V3 R_.%'],
    ['100%_\\', '100\\%\\_\\\\'],
  ])('makes a pattern of %j', (glob, pattern) => {
    expect(likeOf(glob)).toBe(pattern);
    expect(likeOf(undefined)).toBeNull();
  });
});
