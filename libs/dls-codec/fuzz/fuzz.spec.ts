import { checkInput } from './check-input.js';
import { readCorpus, readKept } from './corpus.js';
import { fuzzOptions } from './fuzz-options.js';
import { makeCase, run } from './main.js';

describe('fuzzing the codec', () => {
  it('finds nothing in a short run of a fixed sequence', () => {
    const { inputs, hasFault, labels } = run({ inputs: 3_000, seconds: 60, seed: 4, isGuided: false, keep: false });
    expect({ inputs, hasFault }).toEqual({ inputs: 3_000, hasFault: false });
    // Both sides of the grammar are reached: mutations that break everything would prove nothing.
    expect(labels.get('message')).toBeGreaterThan(100);
    expect(labels.size).toBeGreaterThan(8);
  });

  it('makes the same case of the same numbers', () => {
    const corpus = readCorpus();
    expect(makeCase(corpus, 7, 99)).toEqual(makeCase(corpus, 7, 99));
    expect(makeCase(corpus, 7, 99)).not.toEqual(makeCase(corpus, 7, 100));
  });

  it('keeps a small corpus of inputs that reached new code, and finds nothing in them', () => {
    const kept = readKept();
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.reduce((bytes, input) => bytes + input.bytes.length, 0)).toBeLessThan(500_000);
    for (const { name, bytes, charset } of kept)
      expect([name, checkInput(bytes, charset).fault]).toEqual([name, undefined]);
  });

  it('refuses what is not a whole number', () => {
    expect(() => fuzzOptions(['--inputs', 'many'])).toThrow('--inputs wants a whole number');
  });
});
