import {
  compareFirmwareVersions,
  formatDottedVersion,
  formatFirmwareVersion,
  isSameFirmwareVersion,
  parseFirmwareVersion,
} from './index.js';

const version = (major: number, sub: number, minor: number, fix: number, hotfix: number) => ({
  major,
  sub,
  minor,
  fix,
  hotfix,
});

describe('parseFirmwareVersion', () => {
  it.each([
    ['V3 R5.12.0', version(3, 0, 5, 12, 0)],
    ['V1 R5.6.53', version(1, 0, 5, 6, 53)],
    ['V1.2 R0.3.4', version(1, 2, 0, 3, 4)],
    ['V2 R0.11.0', version(2, 0, 0, 11, 0)],
    ['1.4.9.0', version(1, 0, 4, 9, 0)],
    ['3.5.12.0', version(3, 0, 5, 12, 0)],
    ['1.2.0.3.4', version(1, 2, 0, 3, 4)],
    ['v3r5.12.0', version(3, 0, 5, 12, 0)],
    ['\n  V3\tR 5.12.0 \r\n', version(3, 0, 5, 12, 0)],
    ['V3 R3', version(3, 0, 3, 0, 0)],
    ['V2 R2.30', version(2, 0, 2, 30, 0)],
  ])('reads %j', (text, expected) => {
    expect(parseFirmwareVersion(text)).toEqual(expected);
  });

  it.each([
    '',
    ' ',
    'Unknown',
    'V',
    'V3',
    '3',
    '3.5',
    '3.5.12',
    'V3 R',
    'V3 R5.12.0.1',
    'V3.1.2 R5',
    '1.2.3.4.5.6',
    'V3 R-1',
  ])('knows that %j names no version', (text) => expect(parseFirmwareVersion(text)).toBeUndefined());

  it.each(['V3 R5.x.0', 'V1234567 R1', '1..2.3', '٣.٥.١.٢', 'V3 R5.12.0 SIP', `${'1'.repeat(100_000)}.1.1.1`])(
    'is not deceived by %.20j',
    (text) => expect(parseFirmwareVersion(text)).toBeUndefined(),
  );
});

describe('the order of versions', () => {
  it('sorts the versions of one line', () => {
    const sorted = [
      'V1 R4.9.0',
      'V1 R5.6.53',
      'V1.2 R0.3.4',
      'V2 R0.11.0',
      'V2 R2.9.0',
      'V2 R2.30.0',
      'V3 R4.11.0',
      '3.5.12.0',
    ];
    const parsed = sorted.toReversed().map((text) => parseFirmwareVersion(text)!);
    expect(parsed.toSorted(compareFirmwareVersions)).toEqual(sorted.map((text) => parseFirmwareVersion(text)));
  });

  it('takes both forms of one version for the same', () => {
    expect(isSameFirmwareVersion('V3 R5.12.0', '3.5.12.0')).toBe(true);
    expect(isSameFirmwareVersion('v1.2r0.3.4', '1.2.0.3.4')).toBe(true);
    expect(isSameFirmwareVersion('V3 R5.12.0', '3.5.12.1')).toBe(false);
    expect(isSameFirmwareVersion('Unknown', 'Unknown')).toBe(false);
  });
});

describe('writing a version', () => {
  it('writes both forms', () => {
    expect(formatFirmwareVersion(version(3, 0, 5, 12, 0))).toBe('V3 R5.12.0');
    expect(formatFirmwareVersion(version(1, 2, 0, 3, 4))).toBe('V1.2 R0.3.4');
    expect(formatDottedVersion(version(3, 0, 5, 12, 0))).toBe('3.5.12.0');
    expect(formatDottedVersion(version(1, 2, 0, 3, 4))).toBe('1.2.0.3.4');
  });
});
