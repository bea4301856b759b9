import { UsageError } from './command-line.js';

/** A server that was started from the command line. */
export interface ServerProgram {
  /** Rejects with the reason when the server cannot go on by itself. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** The exit codes of our programs. */
const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/**
 * Runs a server until it is told to stop (SIGINT, SIGTERM) or fails, and ends the process: 0 after an orderly stop, 1 when it
 * could not start or go on, 2 when the command line was wrong. A second signal ends it at once.
 *
 * @param start starts the server; rejects with errors whose message tells the user what to do
 * @param say prints one line to the person at the terminal
 */
export async function runServer(
  start: () => Promise<ServerProgram>,
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<never> {
  const signalled = nextSignal(say);
  let program: ServerProgram;
  try {
    program = await start();
  } catch (error) {
    say(describeFailure(error));
    process.exit(error instanceof UsageError ? EXIT.usage : EXIT.failed);
  }
  const failure = await Promise.race([signalled, program.failed.catch((error: unknown) => ({ error }))]);
  if (failure) say(`The server cannot go on: ${describeFailure(failure.error)}`);
  try {
    await program.close();
  } catch (error) {
    say(`Stopping went wrong: ${describeFailure(error)}`);
    process.exit(EXIT.failed);
  }
  if (!failure) say('Stopped.');
  process.exit(failure ? EXIT.failed : EXIT.ok);
}

function nextSignal(say: (line: string) => void): Promise<undefined> {
  return new Promise((resolve) => {
    let isFirst = true;
    const onSignal = (): void => {
      if (!isFirst) process.exit(EXIT.interrupted);
      isFirst = false;
      say('Stopping ... (once more to stop at once)');
      resolve(undefined);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** Errors made for people say it in their message; of others the place is shown as well. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isForPeople = 'code' in error || error instanceof UsageError;
  return isForPeople ? error.message : (error.stack ?? error.message);
}
