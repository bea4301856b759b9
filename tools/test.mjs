// `npm test [-- <path pattern> ...]`: builds, then runs every kind of test and closes with one line of counts.
// The files of a kind share the cores. Whole-system tests mostly wait for their processes: two at a time, on any machine.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const patterns = process.argv.slice(2);
if (patterns.some((pattern) => pattern.startsWith('-'))) {
  const isHelp = patterns.includes('--help');
  const usage =
    'npm test [-- PATTERN ...]   all tests, or those whose path has one of the patterns, such as apps/gateway';
  console.log(isHelp ? usage : `unknown option: ${patterns.find((pattern) => pattern.startsWith('-'))}\n${usage}`);
  process.exit(isHelp ? 0 : 2);
}
const results = mkdtempSync(path.join(tmpdir(), 'opendls-test-'));
const totals = { passed: 0, failed: 0, skipped: 0 };
let isFailed = run('npx', ['nx', 'run-many', '-t', 'build', '--outputStyle=static']) !== 0;

if (!isFailed) {
  isFailed = jest('unit', ['--maxWorkers=100%']) || isFailed;
  isFailed = jest('int', ['--maxWorkers=100%']) || isFailed;
  isFailed = jest('e2e', ['--maxWorkers=2']) || isFailed;
}
rmSync(results, { recursive: true, force: true });
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(isFailed ? 1 : 0);

/** Runs one kind of test; true when it failed. */
function jest(kind, options) {
  console.log(`\n== ${kind} tests`);
  const begunAt = performance.now();
  const file = path.join(results, `${kind}.json`);
  const status = run(process.execPath, [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    ...patterns,
    ...options,
    '--json',
    `--outputFile=${file}`,
    ...(patterns.length > 0 ? ['--passWithNoTests'] : []),
    '--selectProjects',
    kind,
  ]);
  const result = readResult(file);
  console.log(`== ${kind} tests ended after ${Math.round((performance.now() - begunAt) / 1_000)} s`);
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  totals.skipped += result.numPendingTests + result.numTodoTests;
  return status !== 0 || !result.success;
}

function readResult(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Jest died before it could report: that is a failure, never "no tests".
    return {
      success: false,
      numPassedTests: 0,
      numFailedTests: 1,
      numRuntimeErrorTestSuites: 0,
      numPendingTests: 0,
      numTodoTests: 0,
    };
  }
}

function run(command, args) {
  // Jest prints its JSON on standard output besides the file; its report for people goes to standard error.
  const { status, signal } = spawnSync(command, args, {
    stdio: ['ignore', command === 'npx' ? 'inherit' : 'ignore', 'inherit'],
    env: process.env,
  });
  return signal ? 1 : (status ?? 1);
}
