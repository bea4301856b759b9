// Feeds a real gateway fuzzed HTTP, XML and sessions over TLS: `npm run fuzz -- --target listener --inputs 1000000`.
import { fuzzOptions, usage } from '@opendls/dls-codec/fuzz';
import { fuzzListener, type ListenerRun } from './fuzz-listener.js';
import { startFuzzedGateway } from './fuzzed-gateway.js';

const SHOWN_BYTES = 3_000;

/** The command; resolves to its exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const options = fuzzOptions(args);
    if (options.isHelpWanted) {
      console.log(usage('listener'));
      return 0;
    }
    console.log(`listener: seed ${options.seed}, Node ${process.version}`);
    const startedAt = performance.now();
    const gateway = await startFuzzedGateway();
    const run = await fuzzListener(gateway, options, (line) => console.log(line));
    await gateway.close();
    for (const [label, count] of [...run.labels].toSorted((a, b) => b[1] - a[1]))
      console.log(`${String(count).padStart(9)}  ${label}`);
    if (run.heldMb.length > 0) console.log(`held after collecting, MB: ${run.heldMb.join(' ')}`);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    console.log(`${run.inputs} inputs (${run.cases} cases) in ${seconds} s, ${run.finding ? 'A FAULT' : 'no fault'}`);
    return report(options.seed, run);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

function report(seed: number, { finding }: ListenerRun): number {
  if (finding === undefined) return 0;
  console.error(`\nFault in case ${finding.case} of seed ${seed}: ${finding.what}`);
  if (finding.request.length > 0) {
    console.error(`last request, at most ${SHOWN_BYTES} of ${finding.request.length} bytes, base64:`);
    console.error(finding.request.subarray(0, SHOWN_BYTES).toString('base64'));
  }
  console.error(`Again: npm run fuzz -- --target listener --seed ${seed} --case ${finding.case}`);
  return 1;
}
