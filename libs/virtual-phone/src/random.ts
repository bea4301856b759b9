/** State of a small deterministic generator (mulberry32): the same seed gives the same phone. */
export type RandomState = number & { readonly __brand: 'RandomState' };

/** Starts a generator; different salts give independent sequences of one seed. */
export function seedRandom(seed: number, salt = 0): RandomState {
  // A multiplication spreads neighbouring seeds, which fleets use, over the whole range.
  return branded(Math.imul((seed ^ Math.imul(salt, 0x9e3779b1)) >>> 0, 0x85ebca6b) ^ (seed >>> 13));
}

/** The next 32 bits, and the state after them. */
export function nextUint32(state: RandomState): readonly [number, RandomState] {
  const next = (state + 0x6d2b79f5) | 0;
  let bits = Math.imul(next ^ (next >>> 15), 1 | next);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return [(bits ^ (bits >>> 14)) >>> 0, branded(next)];
}

/** A number in [min, max), and the state after it. */
export function nextBetween(state: RandomState, min: number, max: number): readonly [number, RandomState] {
  const [bits, next] = nextUint32(state);
  return [min + (bits / 2 ** 32) * (max - min), next];
}

/** A nonce as phones make it: 32 upper-case hexadecimal digits (PROTOCOL 2.3). */
export function nextNonce(state: RandomState): readonly [string, RandomState] {
  let nonce = '';
  let current = state;
  for (let word = 0; word < 4; word++) {
    const [bits, next] = nextUint32(current);
    nonce += bits.toString(16).padStart(8, '0');
    current = next;
  }
  return [nonce.toUpperCase(), current];
}

// The brand keeps other numbers out; every 32-bit number is a valid state.
function branded(value: number): RandomState {
  return (value >>> 0) as RandomState;
}
