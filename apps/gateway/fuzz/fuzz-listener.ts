import type { FuzzOptions } from '@opendls/dls-codec/fuzz';
import { FuzzLine, playCase, type Finding } from './fuzz-session.js';
import type { FuzzedGateway } from './fuzzed-gateway.js';
import { MemoryWatch } from './memory-watch.js';

const LINES = 16;
/** How much more may be held at the end of a run than after its warm-up. */
const MAX_GROWTH_MB = 8;

export interface ListenerRun {
  readonly inputs: number;
  readonly cases: number;
  readonly labels: ReadonlyMap<string, number>;
  readonly finding: (Finding & { readonly case: number }) | undefined;
  /** Heap and buffers after collecting, in MB, in the course of the run. */
  readonly heldMb: readonly number[];
}

/** Plays cases on a few connections until inputs or time are up, or something was found. */
export async function fuzzListener(
  gateway: FuzzedGateway,
  options: Pick<FuzzOptions, 'inputs' | 'seconds' | 'seed' | 'only'>,
  say: (line: string) => void = () => undefined,
): Promise<ListenerRun> {
  const { seed, only } = options;
  const labels = new Map<string, number>();
  const memory = new MemoryWatch();
  const start = performance.now();
  let [inputs, next, nextReport] = [0, only ?? 0, 10_000];
  let finding: ListenerRun['finding'];
  const note = (label: string): void => void labels.set(label, (labels.get(label) ?? 0) + 1);
  const isOver = (): boolean =>
    finding !== undefined || inputs >= options.inputs || performance.now() - start >= options.seconds * 1_000;
  const watch = (number: number): void => {
    const [what] = gateway.takeFindings();
    if (what !== undefined) finding ??= { what, request: Buffer.alloc(0), case: number };
    memory.tick(Math.max(inputs / options.inputs, (performance.now() - start) / (options.seconds * 1_000)));
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
  const growthMb = only === undefined ? (memory.growthMb() ?? 0) : 0;
  if (growthMb > MAX_GROWTH_MB)
    finding ??= { what: `memory grows: ${memory.heldMb.join(' ')} MB`, request: Buffer.alloc(0), case: next };
  return { inputs, cases: next - (only ?? 0), labels, finding, heldMb: memory.heldMb };
}
