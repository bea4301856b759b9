import type { ReportedItem } from '@opendls/event-contracts';
import { mergeReport, replaceReport } from './phone-report.js';

const opening = { keepKnownValues: true };

function blobs(from: number, count: number, length: number): ReportedItem[] {
  return Array.from({ length: count }, (_, n) => ({ name: `blob-${from + n}`, value: 'x'.repeat(length) }));
}

describe('what is kept of a phone that never stops reporting', () => {
  it('is bounded in items', () => {
    const report = replaceReport([{ name: 'sntp-addr', value: 'a' }]);
    for (let from = 0; from < 20_000; from += 5_000) mergeReport(report, blobs(from, 5_000, 1), opening);
    expect(report.size).toBe(10_000);
    mergeReport(report, [{ name: 'sntp-addr', value: 'b' }], opening);
    expect(report.get('sntp-addr')).toEqual({ value: 'b' });
  });

  it('is bounded in the length of all values', () => {
    const report = replaceReport([{ name: 'sntp-addr', value: 'a' }]);
    for (let from = 0; from < 150; from += 15) mergeReport(report, blobs(from, 15, 60_000), opening);
    const length = [...report.values()].reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    expect(length).toBeLessThanOrEqual(4_194_304);
    expect(length).toBeGreaterThan(4_000_000);
    // What is shorter or as long as before always finds its place.
    mergeReport(report, [{ name: 'sntp-addr', value: 'b' }], opening);
    expect(report.get('sntp-addr')).toEqual({ value: 'b' });
  });
});
