import { LatencyHistogram } from './index.js';

describe('LatencyHistogram', () => {
  it('is right to two per cent', () => {
    const histogram = new LatencyHistogram();
    for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
    const { count, meanMs, p50Ms, p95Ms, p99Ms, maxMs } = histogram.summary();
    expect({ count, meanMs, maxMs }).toEqual({ count: 1000, meanMs: 500.5, maxMs: 1000 });
    for (const [measured, exact] of [
      [p50Ms, 500],
      [p95Ms, 950],
      [p99Ms, 990],
    ] as const) {
      expect(Math.abs(measured - exact) / exact).toBeLessThan(0.02);
    }
  });

  it('takes nothing, tiny and huge values', () => {
    const histogram = new LatencyHistogram();
    expect(histogram.summary()).toEqual({ count: 0, meanMs: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 });
    histogram.add(0);
    histogram.add(1e9);
    expect(histogram.percentile(0.5)).toBeLessThanOrEqual(0.01);
    expect(histogram.summary().maxMs).toBe(1e9);
  });
});
