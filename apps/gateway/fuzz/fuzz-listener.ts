import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { FuzzOptions } from '@opendls/dls-codec/fuzz';
import { FuzzLine, playCase, type Finding } from './fuzz-session.js';
import type { FuzzedGateway } from './fuzzed-gateway.js';

const LINES = 16;
const MEMORY_EVERY = 50_000;
/** How much more a run may hold than after its first inputs. */
const MAX_GROWTH_BYTES = 96 * 1_048_576;

export interface ListenerRun {
  readonly inputs: number;
  readonly cases: number;
  readonly labels: ReadonlyMap<string, number>;
  readonly finding: (Finding & { readonly case: number }) | undefined;
  /** Heap in use after collecting, in MB, in the course of the run. */
  readonly heapMb: readonly number[];
}

/** Plays cases on a few connections until inputs or time are up, or something was found. */
export async function fuzzListener(
  gateway: FuzzedGateway,
  options: Pick<FuzzOptions, 'inputs' | 'seconds' | 'seed' | 'only'>,
  say: (line: string) => void = () => undefined,
): Promise<ListenerRun> {
  const { seed, only } = options;
  const labels = new Map<string, number>();
  const heapMb: number[] = [];
  const start = performance.now();
  let [inputs, next, nextReport] = [0, only ?? 0, 10_000];
  let finding: ListenerRun['finding'];
  const note = (label: string): void => void labels.set(label, (labels.get(label) ?? 0) + 1);
  const isOver = (): boolean =>
    finding !== undefined || inputs >= options.inputs || performance.now() - start >= options.seconds * 1_000;
  const watch = (number: number): void => {
    const [what] = gateway.takeFindings();
    if (what !== undefined) finding ??= { what, request: Buffer.alloc(0), case: number };
    if (inputs >= MEMORY_EVERY * (heapMb.length + 1)) heapMb.push(collectedHeapMb());
    const growth = (heapMb.at(-1) ?? 0) - (heapMb[0] ?? 0);
    if (growth * 1_048_576 > MAX_GROWTH_BYTES)
      finding ??= { what: `${growth} MB more than at the start`, request: Buffer.alloc(0), case: number };
    if (performance.now() - start > nextReport) {
      say(`${Math.round(nextReport / 1_000)} s: ${inputs} inputs`);
      nextReport += 10_000;
    }
  };
  const work = async (): Promise<void> => {
    const line = new FuzzLine(gateway.port);
    while (!isOver()) {
      const number = next++;
      if (only !== undefined && number > only) break;
      const played = await playCase(line, seed, number, note, (found) => (finding ??= { ...found, case: number }));
      inputs += played;
      watch(number);
    }
    line.drop();
  };
  await Promise.all(Array.from({ length: only === undefined ? LINES : 1 }, work));
  return { inputs, cases: next - (only ?? 0), labels, finding, heapMb };
}

let collect: (() => void) | undefined;

function collectedHeapMb(): number {
  setFlagsFromString('--expose-gc');
  collect ??= runInNewContext('gc') as () => void; // V8 gives the function, which has no type.
  collect();
  return Math.round(process.memoryUsage().heapUsed / 1_048_576);
}
