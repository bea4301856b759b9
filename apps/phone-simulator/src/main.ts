import type { SimulateOptions } from './cli-options.js';
import { HELP, parseCommandLine } from './cli-options.js';
import { createProgress } from './progress.js';
import { formatReport } from './report.js';
import { runSimulation } from './run-simulation.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(args);
  switch (parsed.kind) {
    case 'help':
      process.stdout.write(HELP);
      return 0;
    case 'wrong':
      process.stderr.write(`${parsed.problems.join('\n')}\nAll options: npm run simulate -- --help\n`);
      return EXIT_USAGE;
    case 'run':
      return simulate(parsed.options);
  }
}

async function simulate(options: SimulateOptions): Promise<number> {
  const stop = new AbortController();
  // The first Ctrl-C ends the run with a summary, the second one ends the process.
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const progress = createProgress(options.phones, process.stderr);
  try {
    const report = await runSimulation(options, stop.signal, (summary) => progress.update(summary));
    progress.stop();
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : formatReport(report));
    if (report.phones.failed > 0) return EXIT_FAILED;
    return report.isInterrupted ? EXIT_INTERRUPTED : 0;
  } catch (error) {
    progress.stop();
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_FAILED;
  }
}
