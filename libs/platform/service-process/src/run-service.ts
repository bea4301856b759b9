import { UsageError } from '@opendls/command-line';
import { ConfigError, loadConfig } from '@opendls/config';
import { createLogger, type Logger, type LogLevel } from '@opendls/logging';
import type { z } from 'zod';

/** What every service configures of its process. */
export interface ServiceSettings {
  readonly logLevel: LogLevel;
  /** Longest time an orderly stop may take. */
  readonly shutdownTimeoutMs: number;
}

/** A service that works. */
export interface RunningService {
  /** Where it answers, by role: what whoever started the process is told. */
  readonly urls: Readonly<Record<string, string | null>>;
  /** Settles when the service cannot go on by itself; rejects with the reason. */
  readonly stopped: Promise<unknown>;
  /** Finishes what is in flight and lets go of everything. */
  close(): Promise<void>;
}

/** One service as a process of its own. */
export interface ServiceProgram<Config extends ServiceSettings, Migration extends { readonly logLevel: LogLevel }> {
  readonly name: string;
  readonly environment: z.ZodType<Config>;
  /** Variables that start with it and are not known are fatal. */
  readonly prefix: string;
  readonly serve: (config: Config, logger: Logger) => Promise<RunningService>;
  /** What `main.js migrate` does; it needs no more of the environment than this names. */
  readonly migration?: {
    readonly environment: z.ZodType<Migration>;
    readonly run: (config: Migration, logger: Logger) => Promise<unknown>;
  };
}

/** What the process was started with. */
interface Start {
  readonly env: NodeJS.ProcessEnv;
  readonly args: readonly string[];
}

const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * The life of a service process: configuration, start, the `ready` message to whoever started it over IPC, and an orderly
 * stop - at SIGTERM, at SIGINT, or when whoever started it is gone - within a deadline. A second signal ends it at once.
 *
 * Exits with 0 after a stop that was asked for, 1 when it could not start, go on or stop in time, 2 when the command line
 * is wrong.
 */
export async function runService<Config extends ServiceSettings, Migration extends { readonly logLevel: LogLevel }>(
  program: ServiceProgram<Config, Migration>,
  env: NodeJS.ProcessEnv,
): Promise<never> {
  process.exit(await run(program, { env, args: process.argv.slice(2) }));
}

async function run<Config extends ServiceSettings, Migration extends { readonly logLevel: LogLevel }>(
  program: ServiceProgram<Config, Migration>,
  { env, args }: Start,
): Promise<ExitCode> {
  const { name, migration } = program;
  try {
    const isMigration = migration !== undefined && args[0] === 'migrate';
    if (args.length > (isMigration ? 1 : 0)) throw new UsageError(`usage: main.js${migration ? ' [migrate]' : ''}`);
    if (!isMigration) return await serve(program, env);
    const config = loadConfig({ schema: migration.environment, env, prefixes: [] });
    await migration.run(config, createLogger({ name, level: config.logLevel }));
    return EXIT.ok;
  } catch (error) {
    // Made for the person who configures the process; everything else is for the log.
    if (error instanceof ConfigError || error instanceof UsageError) process.stderr.write(`${error.message}\n`);
    else createLogger({ name, level: 'info' }).fatal({ err: error }, `${name} cannot start`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

async function serve<Config extends ServiceSettings>(
  program: Pick<ServiceProgram<Config, never>, 'name' | 'environment' | 'prefix' | 'serve'>,
  env: NodeJS.ProcessEnv,
): Promise<ExitCode> {
  const { name, environment, prefix } = program;
  const config = loadConfig({ schema: environment, env, prefixes: [prefix] });
  const logger = createLogger({ name, level: config.logLevel });
  const asked = askedToStop();
  // What is needed may be down for long; a process that still waits for it can be stopped all the same.
  const service = await Promise.race([program.serve(config, logger), asked]);
  if (service === undefined) return EXIT.ok;
  const { urls } = service;
  logger.info({ urls }, `${name} is ready`);
  process.send?.({ type: 'ready', urls });
  const failure = await Promise.race([asked, failureOf(service)]);
  if (failure) logger.fatal({ err: failure.reason }, `${name} cannot go on and is stopping`);
  else logger.info({}, `${name} is stopping`);
  return (await stopInTime(service, config.shutdownTimeoutMs, name, logger)) && !failure ? EXIT.ok : EXIT.failed;
}

/** Ctrl-C, an orchestrator, or the end of the process that started this one. */
function askedToStop(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(signal, () => resolve(undefined));
  });
}

async function failureOf({ stopped }: RunningService): Promise<{ readonly reason: unknown }> {
  return stopped.then(
    () => ({ reason: new Error('the service ended by itself') }),
    (reason: unknown) => ({ reason }),
  );
}

/** False when the time was over, or something could not be finished. */
async function stopInTime(service: RunningService, timeoutMs: number, name: string, logger: Logger): Promise<boolean> {
  const isLate = new Promise<'late'>((resolve) => {
    setTimeout(() => resolve('late'), timeoutMs).unref();
  });
  try {
    if ((await Promise.race([service.close(), isLate])) !== 'late') return true;
    logger.fatal({ timeoutMs }, `${name} did not stop in time`);
  } catch (error) {
    logger.fatal({ err: error }, `${name} could not stop in order`);
  }
  return false;
}
