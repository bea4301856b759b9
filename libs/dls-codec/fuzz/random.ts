/** A repeatable source of choices: the same seed makes the same ones. */
export interface Random {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  pick<Value>(values: readonly Value[]): Value;
}

/** Mulberry32: small, fast, and good enough to choose mutations. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    below,
    // The index is always within the list, which its type cannot say.
    pick: <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value,
  };
}
