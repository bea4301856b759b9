import { isInFirmwareRange, parseFirmwareRange, parseFirmwareVersion } from './index.js';

function isIn(version: string, text: string): boolean {
  const result = parseFirmwareRange(text);
  if (!result.ok) throw new Error(result.error.message);
  return isInFirmwareRange(parseFirmwareVersion(version)!, result.range);
}

describe('parseFirmwareRange', () => {
  it.each([
    ['*', 'V1 R0.0.0', true],
    ['>=V3 R3', 'V3 R3.0.0', true],
    ['>=V3 R3', 'V3 R2.99.9', false],
    ['>= v3r3', 'V10 R0.0.0', true],
    ['<V2 R2.30.0', 'V2 R2.29.99', true],
    ['<V2 R2.30.0', 'V2 R2.30.0', false],
    ['<=V2 R2', 'V2 R2.30.7', true],
    ['<=V2 R2', 'V2 R3.0.0', false],
    ['>V2 R2', 'V2 R2.30.7', false],
    ['>V2 R2', 'V2 R3.0.0', true],
    ['V3 R5.*', 'V3 R5.12.0', true],
    ['V3 R5', 'V3 R5.12.0', true],
    ['V3 R5.*', 'V3 R4.12.0', false],
    ['V3 R*', 'V3 R4.12.0', true],
    ['V3 R*', 'V3.1 R4.12.0', false],
    ['V3.*', 'V3.1 R4.12.0', true],
    ['V3', 'V3.1 R4.12.0', true],
    ['3.5.*', 'V3 R5.12.0', true],
    ['3.5.12.0', 'V3 R5.12.0', true],
    ['= V3 R5.12.0', '3.5.12.1', false],
    ['V2..V3 R1', 'V2 R0.0.0', true],
    ['V2..V3 R1', 'V3 R1.99.0', true],
    ['V2 .. V3 R1', 'V3 R2.0.0', false],
    ['1.4..3.5', 'V3 R5.99.9', true],
    ['V1.2', 'V1.2 R0.3.4', true],
    ['V1.2', 'V1 R2.3.4', false],
    ['>=V3 R3, <V3 R5.12.0', 'V3 R5.11.9', true],
    ['>=V3 R3, <V3 R5.12.0', 'V3 R5.12.0', false],
    ['>=V3, <V2', 'V3 R1.0.0', false],
  ])('%j and %s: %s', (range, version, expected) => {
    expect(isIn(version, range)).toBe(expected);
  });

  it.each([
    ['', 0, 'a version such as'],
    ['  ', 2, 'found the end'],
    ['>=', 2, 'found the end'],
    ['V', 0, "found 'V'"],
    ['>=V3 R3,', 8, 'found the end'],
    ['>=V3 R3 <V4', 8, "',' or the end was expected"],
    ['>=V3 R5.*', 2, "'*' stands for"],
    ['V3 R5.*..V4', 0, "'*' stands for"],
    ['V3..', 4, "after '..'"],
    ['V3..V2', 4, 'must not be lower'],
    ['V2..V3.*', 4, "'*' has no place"],
    ['>V2..V3', 1, 'not both'],
    ['~V3', 0, "found '~V3'"],
    ['V3 R5.12.0.1', 10, "found '.1' (position 11)"],
    ['V3 || V4', 3, "found '|| V4'"],
  ])('refuses %j and says where', (text, position, words) => {
    const result = parseFirmwareRange(text);
    expect(result).toMatchObject({ ok: false, error: { position } });
    expect(!result.ok && result.error.message).toContain(words);
  });
});
