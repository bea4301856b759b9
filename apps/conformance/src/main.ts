import { writeFile } from 'node:fs/promises';
import { UsageError } from '@opendls/command-line';
import { HELP, parseOptions, type ConformanceOptions } from './cli-options.js';
import type { Chapter } from './conformance-case.js';
import { HooksError, loadHooks } from './hooks/load-hooks.js';
import { runRecord, runReplay } from './record/record-command.js';
import { formatJson } from './report/json-report.js';
import { formatJunit } from './report/junit-report.js';
import { formatList, formatReport } from './report/text-report.js';
import { isConformant } from './run/case-result.js';
import { runSuite, selectCases } from './run/run-suite.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    if (args[0] === 'record') return await runRecord(args.slice(1));
    if (args[0] === 'replay') return await runReplay(args.slice(1));
    const parsed = parseOptions(args);
    if (parsed.kind === 'run') return await play(parsed.options);
    process.stdout.write(parsed.kind === 'help' ? HELP : formatList(selected(parsed.only)));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof HooksError)) throw error;
    process.stderr.write(`${error.message}\nAll options: npm run conformance -- [record|replay] --help\n`);
    return EXIT_USAGE;
  }
}

async function play(options: ConformanceOptions): Promise<number> {
  const chapters = selected(options.only);
  const hooks = options.hooks === undefined ? {} : await loadHooks(options.hooks);
  const total = chapters.reduce((sum, { cases }) => sum + cases.length, 0);
  let played = 0;
  const onResult = (): void => {
    played += 1;
    if (process.stderr.isTTY) process.stderr.write(`\r${played} of ${total} cases${played === total ? '\n' : ''}`);
  };
  const report = await runSuite({ ...options, hooks, chapters, onResult });
  if (options.json !== undefined) await writeFile(options.json, formatJson(report));
  if (options.junit !== undefined) await writeFile(options.junit, formatJunit(report));
  process.stdout.write(formatReport(report, options));
  return isConformant(report) ? 0 : EXIT_FAILED;
}

function selected(only: string | undefined): readonly Chapter[] {
  const chapters = selectCases(only);
  if (chapters.length === 0) throw new UsageError(`--only '${only}' matches no case; see --list`);
  return chapters;
}
