// Feeds the codec mutated messages: `npm run fuzz -- --target codec --inputs 1000000`.
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkInput } from './check-input.js';
import { readCorpus, readKept } from './corpus.js';
import { fuzzOptions, usage, type FuzzOptions } from './fuzz-options.js';
import { GuidedCorpus, type FuzzInput } from './guided-corpus.js';
import { mutate, toBytes } from './mutations.js';
import { createRandom } from './random.js';

const HELP = usage(
  'codec',
  `  --guided     keep inputs that reach new code (V8's block coverage) and go on from them
  --keep       as --guided, and write them, minimised, to libs/dls-codec/fuzz/corpus
  --file FILE  run only the bytes of this file
`,
);

const CHARSETS = [undefined, undefined, undefined, 'utf-8', 'iso-8859-1', 'utf-16', 'us-ascii', 'x'];

/** Case number `number` of a seed: it depends on nothing but these two and the corpus. */
export function makeCase(corpus: readonly string[], seed: number, number: number): FuzzInput {
  const random = createRandom(seed + Math.imul(number, 0x9e3779b1));
  return { bytes: toBytes(mutate(random, corpus), random), charset: random.pick(CHARSETS) };
}

function report(seed: number, number: number, isGuided: boolean, input: FuzzInput, fault: string): void {
  console.error(`\nFault in case ${number} of seed ${seed}: ${fault}`);
  console.error(`charset: ${input.charset ?? 'none'}; input, base64, at most 4 kB of ${input.bytes.length} bytes:`);
  console.error(Buffer.from(input.bytes.subarray(0, 4_096)).toString('base64'));
  // What a guided run feeds depends on what it has kept so far, not only on seed and case.
  const file = path.join(tmpdir(), `fuzz-codec-${input.charset ?? 'none'}-${seed}-${number}.bin`);
  writeFileSync(file, input.bytes);
  const again = isGuided ? `--file ${file}` : `--seed ${seed} --case ${number}`;
  console.error(`Again: npm run fuzz -- --target codec ${again}`);
}

function runOne({ bytes, charset }: FuzzInput): number {
  const { label, fault } = checkInput(bytes, charset);
  console.log(Buffer.from(bytes).toString('utf8'));
  console.log(`-> ${label}${fault === undefined ? '' : `: ${fault}`}`);
  return fault === undefined ? 0 : 1;
}

function baseline(corpus: readonly string[]): FuzzInput[] {
  return [...corpus.map((text) => ({ bytes: Buffer.from(text), charset: undefined })), ...readKept()];
}

/** What became of a run. */
export interface CodecRun {
  readonly inputs: number;
  readonly labels: ReadonlyMap<string, number>;
  readonly hasFault: boolean;
}

/** Feeds inputs until their number or the time is up, or one of them is a finding. */
export function run(options: Pick<FuzzOptions, 'inputs' | 'seconds' | 'seed' | 'isGuided' | 'keep'>): CodecRun {
  const { inputs, seconds, seed, isGuided } = options;
  const corpus = readCorpus();
  const guide = isGuided ? new GuidedCorpus(baseline(corpus)) : undefined;
  const labels = new Map<string, number>();
  const start = performance.now();
  const elapsedMs = (): number => performance.now() - start;
  let nextReport = 10_000;
  let taken = 0;
  for (let number = 0; ; number++) {
    if (number >= inputs || elapsedMs() >= seconds * 1_000) {
      if (guide !== undefined) console.log(`${guide.blocks} blocks reached, ${guide.kept.length} inputs kept`);
      if (options.keep) guide?.save();
      guide?.close();
      return { inputs: number, labels, hasFault: false };
    }
    const input = makeCase(corpus, seed, number);
    const { label, fault } = checkInput(input.bytes, input.charset);
    labels.set(label, (labels.get(label) ?? 0) + 1);
    if (fault !== undefined) {
      report(seed, number, isGuided, input, fault);
      return { inputs: number + 1, labels, hasFault: true };
    }
    if (guide?.add(input) === true) {
      const grown = guide.kept.slice(taken);
      taken = guide.kept.length;
      corpus.push(...grown.map(({ bytes }) => Buffer.from(bytes).toString('utf8')));
    }
    if (elapsedMs() > nextReport) {
      console.log(`${Math.round(elapsedMs() / 1_000)} s: ${number + 1} inputs`);
      nextReport += 10_000;
    }
  }
}

/** The command; resolves to its exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const options = fuzzOptions(args);
    const { seed, only, file } = options;
    if (options.isHelpWanted) {
      console.log(HELP);
      return 0;
    }
    if (file !== undefined) {
      const charset = /fuzz-codec-([a-z0-9-]+?)-\d+-\d+\.bin$/.exec(file)?.[1];
      return runOne({ bytes: readFileSync(file), charset: charset === 'none' ? undefined : charset });
    }
    if (only !== undefined) return runOne(makeCase(readCorpus(), seed, only));
    console.log(`codec: seed ${seed}, ${readCorpus().length} messages to start from, Node ${process.version}`);
    const startedAt = performance.now();
    const { inputs, labels, hasFault } = run(options);
    for (const [label, count] of [...labels].sort((a, b) => b[1] - a[1]))
      console.log(`${String(count).padStart(9)}  ${label}`);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    console.log(`${inputs} inputs in ${seconds} s, ${hasFault ? 'A FAULT' : 'no fault'}`);
    return hasFault ? 1 : 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}
