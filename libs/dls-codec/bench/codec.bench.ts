// Time per call of the codec's hot functions: `npm run bench:codec`.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { DEFAULT_LIMITS, decodeMessage, encodeDlsMessage } from '../src/index.js';
import { decodeText } from '../src/text/decode-text.js';
import { findXmlProblem } from '../src/xml/check-xml.js';
import { readXml } from '../src/xml/read-xml.js';
import { cleanUp, replyBytes, startUpBytes, writeItems } from './messages.js';

const [argument] = process.argv.slice(2);
if (argument !== undefined) {
  const isHelp = argument === '--help';
  console.log(
    `${isHelp ? '' : `unknown option: ${argument}\n`}npm run bench:codec   time per call of decoding and encoding`,
  );
  process.exit(isHelp ? 0 : 2);
}

interface Subject {
  readonly name: string;
  /** Most milliseconds per call that the design allows. */
  readonly barMs?: number;
  /** One call on input number `at`; what it returns is used, so that no work can be left out. */
  run(at: number): unknown;
}

const RUNS = 9;
const RUN_MS = 200;
const VARIANTS = 64;

function subjects(): Subject[] {
  const phones = Array.from({ length: VARIANTS }, (_, phone) => phone);
  const startUps = phones.map(startUpBytes);
  const startUpTexts = startUps.map((bytes) => new TextDecoder().decode(bytes));
  const replies = phones.map(replyBytes);
  const writes = phones.map(writeItems);
  const cleanUps = phones.map(cleanUp);
  const at = <Value>(values: readonly Value[], index: number): Value => values[index % VARIANTS] as Value;
  const parser = new XMLParser({ ignoreAttributes: false, preserveOrder: true, processEntities: false });
  return [
    { name: 'decode a 30-item start-up', barMs: 0.25, run: (index) => decodeMessage(at(startUps, index)) },
    { name: '  bytes to text', run: (index) => decodeText(at(startUps, index), undefined) },
    { name: '  check', run: (index) => findXmlProblem(at(startUpTexts, index), DEFAULT_LIMITS) },
    { name: '  read (fast-xml-parser)', run: (index) => readXml(at(startUpTexts, index)) },
    {
      name: "  for comparison: the parser's validator",
      run: (index) => XMLValidator.validate(at(startUpTexts, index)),
    },
    {
      name: '  for comparison: the parser with its own tree',
      run: (index) => parser.parse(at(startUpTexts, index)) as unknown,
    },
    { name: 'decode a 700-item reply', run: (index) => decodeMessage(at(replies, index)) },
    { name: 'encode a 150-item WriteItems', barMs: 1.5, run: (index) => encodeDlsMessage(at(writes, index)) },
    { name: 'encode a CleanUp', run: (index) => encodeDlsMessage(at(cleanUps, index)) },
  ];
}

let used = 0;

/** Milliseconds of CPU per call over one run, collecting garbage included: on a busy machine the clock would tell its load. */
function timeRun(subject: Subject): number {
  const start = process.cpuUsage();
  let calls = 0;
  let elapsed = 0;
  do {
    for (let batch = 0; batch < 16; batch++) used += subject.run(calls++) === null ? 1 : 0;
    const { user, system } = process.cpuUsage(start);
    elapsed = (user + system) / 1_000;
  } while (elapsed < RUN_MS);
  return elapsed / calls;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: import.meta.dirname }).trim();
  } catch {
    return 'unknown';
  }
}

function main(): void {
  const all = subjects().map((subject) => ({ subject, times: [] as number[] }));
  // The first run warms up and is not counted. Runs of all subjects take turns, so that a busy moment hits them alike.
  for (let run = 0; run <= RUNS; run++)
    for (const { subject, times } of all) {
      const time = timeRun(subject);
      if (run > 0) times.push(time);
    }
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'} x ${cpus().length}, commit ${commit()}`,
  );
  console.log(
    `${RUNS} interleaved runs of ${RUN_MS} ms each, ${VARIANTS} inputs in turn; milliseconds of CPU per call\n`,
  );
  console.log(`${''.padEnd(46)}${'median'.padStart(9)}${'lowest'.padStart(9)}${'highest'.padStart(9)}  bar`);
  for (const { subject, times } of all) {
    const sorted = times.sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? NaN;
    const figures = [median, sorted[0] ?? NaN, sorted.at(-1) ?? NaN]
      .map((time) => time.toFixed(4).padStart(9))
      .join('');
    const verdict =
      subject.barMs === undefined ? '' : `  ${subject.barMs} ${median <= subject.barMs ? 'kept' : 'MISSED'}`;
    console.log(`${subject.name.padEnd(46)}${figures}${verdict}`);
  }
  if (used > 0) console.log(`${used} calls returned nothing`);
}

main();
