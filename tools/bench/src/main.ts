import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { benchContactMe } from './contact-me.js';
import { benchDcmp } from './dcmp.js';
import { benchFiles } from './files.js';
import { benchMemory } from './memory.js';
import { benchStartUps } from './start-ups.js';

const USAGE = `The figures we hold ourselves to (docs/benchmarks.md). Needs Java 17 for Kafka, or KAFKA_BROKERS.

  npm run bench -- start-ups   start-ups per CPU-second of the gateway, as a ratio to a bare node:https server
  npm run bench -- memory      gateway memory with 10,000 open contacts
  npm run bench -- contact-me  1,000 phones woken by one gateway
  npm run bench -- dcmp        polls per second of one gateway, at least 5,000
  npm run bench -- files       1,000 phones download a picture of 300 kB from one gateway
  npm run bench -- all
  npm run bench:codec          decoding and encoding

Exit code 1: a bar was missed.`;

const BENCHES: Readonly<Record<string, (say: (line: string) => void) => Promise<boolean>>> = {
  'start-ups': benchStartUps,
  memory: benchMemory,
  'contact-me': benchContactMe,
  dcmp: benchDcmp,
  files: benchFiles,
};

const [name = '', ...rest] = process.argv.slice(2);
const chosen = name === 'all' ? Object.keys(BENCHES) : Object.hasOwn(BENCHES, name) ? [name] : [];
if (chosen.length === 0 || rest.length > 0) {
  console.error(name === '--help' ? USAGE : `unknown: ${[name, ...rest].join(' ')}\n\n${USAGE}`);
  process.exit(name === '--help' ? 0 : 2);
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, commit ${commit}`);
let isMissed = false;
for (const bench of chosen) {
  console.log(`\n== ${bench}`);
  const isHeld = await BENCHES[bench]?.((line) => console.log(line));
  console.log(isHeld ? 'bar held' : 'bar MISSED');
  isMissed ||= !isHeld;
}
process.exit(isMissed ? 1 : 0);
