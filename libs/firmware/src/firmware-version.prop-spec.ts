import fc from 'fast-check';
import {
  compareFirmwareVersions,
  formatDottedVersion,
  formatFirmwareVersion,
  isInFirmwareRange,
  isSameFirmwareVersion,
  parseFirmwareRange,
  parseFirmwareVersion,
  quirksOf,
  type FirmwareVersion,
} from './index.js';

// Small numbers meet each other often, large ones test the digits.
const part = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 999_999 }));
const anyVersion: fc.Arbitrary<FirmwareVersion> = fc.record({
  major: part,
  sub: part,
  minor: part,
  fix: part,
  hotfix: part,
});
const anyCase = (text: string) =>
  fc
    .infiniteStream(fc.boolean())
    .map((upper) =>
      [...text].map((letter) => (upper.next().value === true ? letter.toUpperCase() : letter.toLowerCase())).join(''),
    );

describe('any version', () => {
  it('survives being written and read, in both forms and any case and spacing', () => {
    fc.assert(
      fc.property(
        anyVersion.chain((version) => fc.tuple(fc.constant(version), anyCase(formatFirmwareVersion(version)))),
        fc.constantFrom('', ' ', '\t\n '),
        ([version, written], space) => {
          expect(parseFirmwareVersion(space + written.replace(' ', space) + space)).toEqual(version);
          expect(parseFirmwareVersion(formatDottedVersion(version))).toEqual(version);
          expect(isSameFirmwareVersion(written, formatDottedVersion(version))).toBe(true);
        },
      ),
    );
  });

  it('has one place in one order', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        expect(compareFirmwareVersions(a, a)).toBe(0);
        expect(compareFirmwareVersions(a, b) + compareFirmwareVersions(b, a)).toBe(0);
        expect(compareFirmwareVersions(a, b) === 0).toBe(formatFirmwareVersion(a) === formatFirmwareVersion(b));
        if (compareFirmwareVersions(a, b) <= 0 && compareFirmwareVersions(b, c) <= 0)
          expect(compareFirmwareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('meets the operators of a range as the order says', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, fc.boolean(), (version, bound, dotted) => {
        const text = dotted ? formatDottedVersion(bound) : formatFirmwareVersion(bound);
        const order = compareFirmwareVersions(version, bound);
        const isIn = (range: string) => {
          const result = parseFirmwareRange(range);
          return result.ok && isInFirmwareRange(version, result.range);
        };
        expect([isIn(`<${text}`), isIn(`<=${text}`), isIn(`=${text}`), isIn(`>=${text}`), isIn(`>${text}`)]).toEqual([
          order < 0,
          order <= 0,
          order === 0,
          order >= 0,
          order > 0,
        ]);
      }),
    );
  });
});

describe('any text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('V', 'R', '.', '*', ',', '>', '<', '=', ' ', '1', '2') }),
  );

  it('never makes a reader throw, and a range error points into the text', () => {
    fc.assert(
      fc.property(text, (given) => {
        parseFirmwareVersion(given);
        quirksOf({ deviceType: given, softwareVersion: given });
        const result = parseFirmwareRange(given);
        if (result.ok) return;
        expect(result.error.position).toBeGreaterThanOrEqual(0);
        expect(result.error.position).toBeLessThanOrEqual(given.length);
      }),
      { numRuns: 500 },
    );
  });
});
