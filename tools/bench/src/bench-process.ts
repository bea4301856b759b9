import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CLOCK_TICKS_PER_SECOND = 100;
const READY_TIMEOUT_MS = 60_000;

/** A server under measurement, in a process of its own. */
export interface BenchProcess {
  readonly pid: number;
  readonly urls: Readonly<Record<string, string | null>>;
  /** CPU time used so far, user and system, all threads (Linux). */
  cpuSeconds(): number;
  /** Resident memory now. */
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Starts a program that says `{ type: 'ready', urls }` over IPC. Its log goes to standard error when it fails. */
export async function startProcess(
  script: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<BenchProcess> {
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (log = `${log}${chunk.toString()}`.slice(-20_000)));
  const urls = await ready(child, () => log);
  const pid = child.pid ?? 0;
  return {
    pid,
    urls,
    cpuSeconds: () => cpuSecondsOf(pid),
    residentBytes: () => residentBytesOf(pid),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Runs a program to its end and gives its last line of output, which is JSON. */
export async function runToEnd(script: URL, args: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${script.pathname} ended with code ${String(code)}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as unknown;
}

function ready(child: ChildProcess, log: () => string): Promise<Readonly<Record<string, string | null>>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in time:\n${log()}`)), READY_TIMEOUT_MS);
    child.on('message', (message: { type?: string; urls?: Record<string, string | null> }) => {
      if (message.type !== 'ready') return;
      clearTimeout(timer);
      resolve(message.urls ?? {});
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with code ${String(code)} before it was ready:\n${log()}`));
    });
  });
}

/** Fields 14 and 15 of /proc/<pid>/stat, counted after the command name, which may hold blanks. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

function residentBytesOf(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}
