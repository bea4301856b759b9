import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So many samples in a run, evenly spread over it. */
export const SAMPLES = 20;
/** Until then pools fill, code is compiled, and everything that has a bound grows to it. */
const WARM_UP = SAMPLES / 4;
const WINDOW = SAMPLES / 4;
const MB = 1_048_576;

/** Samples what a process holds in the course of a run, and says whether that grows. */
export class MemoryWatch {
  readonly #heldMb: number[] = [];

  constructor(private readonly measure: () => number = collectedBytes) {}

  /** Held after collecting, in MB. */
  get heldMb(): readonly number[] {
    return this.#heldMb;
  }

  /** To be called often; `progress` goes from 0 to 1. */
  tick(progress: number): void {
    if (this.#heldMb.length < Math.floor(Math.min(progress, 1) * SAMPLES))
      this.#heldMb.push(Math.round((this.measure() / MB) * 10) / 10);
  }

  /**
   * By how much the least that was held at the end exceeds the least that was held after the warm-up. What comes and goes
   * with the load is in neither; what is never given back is in the difference.
   */
  growthMb(): number | undefined {
    const samples = this.#heldMb.slice(WARM_UP);
    if (samples.length < 2 * WINDOW) return undefined;
    return Math.min(...samples.slice(-WINDOW)) - Math.min(...samples.slice(0, WINDOW));
  }
}

let collect: (() => void) | undefined;

/** Heap and buffers outside of it, after a full collection. */
function collectedBytes(): number {
  setFlagsFromString('--expose-gc');
  collect ??= runInNewContext('gc') as () => void; // V8 gives the function, which has no type.
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
