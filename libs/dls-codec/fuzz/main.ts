// Feeds the codec mutated messages until the time is up: `npm run fuzz -- --seconds 60`.
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkInput } from './check-input.js';
import { mutate, toBytes } from './mutations.js';
import { createRandom } from './random.js';

const HELP = `Usage: npm run fuzz -- [options]
  --seconds N  how long to run (default 30)
  --seed N     start of the random sequence (default: chosen and printed)
  --case N     run only this case of the sequence and print its input
  --help       show this text`;

const CHARSETS = [undefined, undefined, undefined, 'utf-8', 'iso-8859-1', 'utf-16', 'us-ascii', 'x'];

interface FuzzCase {
  readonly bytes: Uint8Array;
  readonly charset: string | undefined;
}

function readCorpus(): string[] {
  const folder = new URL('../fixtures/', import.meta.url);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.xml')).map((name) => readFileSync(new URL(name, folder), 'utf8'));
}

/** Case number `number` of a seed: it depends on nothing but these two and the corpus. */
function makeCase(corpus: readonly string[], seed: number, number: number): FuzzCase {
  const random = createRandom(seed + Math.imul(number, 0x9e3779b1));
  return { bytes: toBytes(mutate(random, corpus), random), charset: random.pick(CHARSETS) };
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${option} wants a whole number, not "${text}"`);
}

function report(seed: number, number: number, fuzzCase: FuzzCase, fault: string): void {
  console.error(`\nFault in case ${number} of seed ${seed}: ${fault}`);
  console.error(
    `charset: ${fuzzCase.charset ?? 'none'}; input, base64, at most 4 kB of ${fuzzCase.bytes.length} bytes:`,
  );
  console.error(Buffer.from(fuzzCase.bytes.subarray(0, 4_096)).toString('base64'));
  console.error(`Again: npm run fuzz -- --seed ${seed} --case ${number}`);
}

function runOne(corpus: readonly string[], seed: number, number: number): number {
  const fuzzCase = makeCase(corpus, seed, number);
  const { label, fault } = checkInput(fuzzCase.bytes, fuzzCase.charset);
  console.log(Buffer.from(fuzzCase.bytes).toString('utf8'));
  console.log(`-> ${label}${fault === undefined ? '' : `: ${fault}`}`);
  return fault === undefined ? 0 : 1;
}

function run(corpus: readonly string[], seed: number, seconds: number): number {
  console.log(`seed ${seed}, ${seconds} s, ${corpus.length} messages in the corpus, Node ${process.version}`);
  const labels = new Map<string, number>();
  const start = performance.now();
  let nextReport = 5_000;
  let number = 0;
  for (; performance.now() - start < seconds * 1_000; number++) {
    const fuzzCase = makeCase(corpus, seed, number);
    const { label, fault } = checkInput(fuzzCase.bytes, fuzzCase.charset);
    labels.set(label, (labels.get(label) ?? 0) + 1);
    if (fault !== undefined) {
      report(seed, number, fuzzCase, fault);
      return 1;
    }
    if (performance.now() - start > nextReport) {
      console.log(`${Math.round(nextReport / 1_000)} s: ${number + 1} inputs`);
      nextReport += 5_000;
    }
  }
  for (const [label, count] of [...labels].sort((a, b) => b[1] - a[1]))
    console.log(`${String(count).padStart(9)}  ${label}`);
  console.log(`${number} inputs, no fault`);
  return 0;
}

function main(): number {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      case: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seed = wholeNumber('seed', values.seed);
  const corpus = readCorpus();
  if (values.case !== undefined) return runOne(corpus, seed, wholeNumber('case', values.case));
  return run(corpus, seed, wholeNumber('seconds', values.seconds));
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
