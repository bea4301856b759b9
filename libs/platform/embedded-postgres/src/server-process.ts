import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type DataDirectory, WORKING_DIRECTORY } from './data-directory.js';
import { EmbeddedPostgresError } from './errors.js';
import type { EmbeddedPostgresLogger } from './logger.js';
import { SERVER_ENVIRONMENT } from './server-settings.js';

/** How the server ended; `isExpected` when it was asked to. */
export interface ServerExit {
  readonly isExpected: boolean;
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: DataDirectory;
  /** Removes the whole data directory when the server has ended. */
  readonly isThrownAway: boolean;
  /** Longest silence of a starting server; recovery after a power cut reports its progress every ten seconds. */
  readonly startTimeoutMs: number;
  readonly logger: EmbeddedPostgresLogger;
}

type WatchdogEvent =
  | { readonly event: 'spawned'; readonly pid: number }
  | { readonly event: 'failed'; readonly message: string }
  | { readonly event: 'exited'; readonly code: number | null; readonly signal: string | null };

type Watchdog = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts PostgreSQL under its watchdog; resolves when it accepts connections. */
export async function startServerProcess(command: ServerCommand): Promise<ServerProcess> {
  const watchdog = spawnWatchdog(command);
  let pid = 0;
  let isStopping = false;
  let exit: ServerExit | undefined;
  const reports = createInterface({ input: watchdog.stdout }).on('line', (line) => {
    // The watchdog is ours; its lines have this form.
    const event = JSON.parse(line) as WatchdogEvent;
    if (event.event === 'spawned') pid = event.pid;
    else if (event.event === 'exited') exit = { isExpected: isStopping, code: event.code, signal: event.signal };
    else command.logger.error({ error: event.message }, 'PostgreSQL cannot be run');
  });
  const exited = Promise.all([once(watchdog, 'exit'), once(reports, 'close')]).then(([[code, signal]]): ServerExit => {
    // Killed itself, the watchdog leaves a server behind that nobody would stop.
    if (!exit && pid > 0) signalQuietly(pid, 'SIGINT');
    return exit ?? { isExpected: false, code: code as number | null, signal: signal as string | null };
  });
  const stop = async (): Promise<void> => {
    isStopping = true;
    reference(watchdog, true);
    watchdog.stdin.end();
    await exited;
  };
  await untilReady(watchdog, exited, command).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  reference(watchdog, false); // a program that ends without stop() is not kept alive; its end stops the server
  return { pid, exited, stop };
}

function spawnWatchdog({ program, args, directory, isThrownAway }: ServerCommand): Watchdog {
  const instructions = {
    command: program,
    args: ['-D', directory.isReachable ? directory.cluster : WORKING_DIRECTORY, ...args],
    cwd: directory.cluster,
    env: SERVER_ENVIRONMENT,
    ...directory.user,
    removeDir: isThrownAway ? directory.root : undefined,
    fastTimeoutMs: 30_000,
    immediateTimeoutMs: 10_000,
  };
  const script = fileURLToPath(new URL('./watchdog.mjs', import.meta.url));
  const watchdog = spawn(process.execPath, [script, JSON.stringify(instructions)], {
    detached: true, // a session of its own: Ctrl-C in a terminal must not reach the server before its clients are done
    cwd: '/',
    env: SERVER_ENVIRONMENT,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  watchdog.stdin.on('error', () => undefined); // it is gone already; 'close' tells
  return watchdog;
}

/** Follows the server's messages: into the log, and until it says that it is ready. */
function untilReady(watchdog: Watchdog, exited: Promise<ServerExit>, command: ServerCommand): Promise<void> {
  return new Promise((resolve, reject) => {
    const complaints: string[] = [];
    let isSettled = false;
    const settle = (error?: Error): void => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    };
    const timer = setTimeout(
      () => settle(new EmbeddedPostgresError('start-failed', 'PostgreSQL does not become ready and says nothing')),
      command.startTimeoutMs,
    );
    const messages = createInterface({ input: watchdog.stderr }).on('line', (line) => {
      logServerLine(command.logger, line);
      if (isSettled) return;
      timer.refresh();
      if (/^(WARNING|FATAL|PANIC|HINT)|could not/.test(line)) complaints.push(line);
      if (line.includes('database system is ready to accept connections')) settle();
    });
    const closed = once(messages, 'close');
    void exited.then(() => closed).then(() => settle(startFailure(complaints.join('\n'))));
  });
}

function startFailure(complaints: string): EmbeddedPostgresError {
  const code = /could not bind|could not create any TCP/.test(complaints) ? 'port-in-use' : 'start-failed';
  return new EmbeddedPostgresError(code, `PostgreSQL did not start: ${complaints || 'it gave no reason'}`);
}

/** Errors of single statements are their callers' business; what concerns the server is the operator's. */
function logServerLine(logger: EmbeddedPostgresLogger, line: string): void {
  const level = line.startsWith('PANIC') ? 'error' : /^(FATAL|WARNING)/.test(line) ? 'warn' : 'debug';
  logger[level]({ postgres: line }, 'PostgreSQL says');
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}

function reference(watchdog: Watchdog, isHeld: boolean): void {
  const method = isHeld ? 'ref' : 'unref';
  watchdog[method]();
  for (const stream of [watchdog.stdin, watchdog.stdout, watchdog.stderr]) {
    // A pipe of a child process is a socket, which the stream types do not say.
    (stream as unknown as import('node:net').Socket)[method]();
  }
}
