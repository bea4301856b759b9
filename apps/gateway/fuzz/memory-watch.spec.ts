import { MemoryWatch, SAMPLES } from './memory-watch.js';

const MB = 1_048_576;

function watched(heldMb: (sample: number) => number, until = 1): MemoryWatch {
  let sample = 0;
  const watch = new MemoryWatch(() => heldMb(sample++) * MB);
  for (let input = 1; input <= 1_000 * until; input += 1) watch.tick(input / 1_000);
  return watch;
}

describe('MemoryWatch', () => {
  it('spreads its samples over the run, however many inputs there are', () => {
    expect(watched((n) => n).heldMb).toEqual(Array.from({ length: SAMPLES }, (_, n) => n));
  });

  it('takes for flat what grows at first, and what comes and goes', () => {
    expect(watched((n) => (n < 5 ? n * 20 : 100)).growthMb()).toBe(0);
    expect(watched((n) => 100 + (n % 3) * 30).growthMb()).toBe(0);
  });

  it('finds what is never given back', () => {
    expect(watched((n) => 100 + n).growthMb()).toBe(10);
  });

  it('says nothing of a run that ended early', () => {
    expect(watched((n) => n, 0.5).growthMb()).toBeUndefined();
  });
});
