import { pino, stdTimeFunctions } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { bufferedOutput } from './buffered-output.js';
import { REDACTED, redact, redactText } from './redact.js';
import { isErrorLike, serializeError } from './serialize-error.js';

/** The process log: `info({ deviceId }, 'device enrolled')`; `child({ deviceId })` sets fields once. */
export type Logger = PinoLogger;

/** Levels, from silent to everything. */
export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** What a logger is made of. */
export interface LoggerOptions {
  /** The application, such as `gateway`. */
  readonly name: string;
  readonly level: LogLevel;
  /** Where the lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/** Fields of child loggers bypass `formatters.log`, so the usual secret names are also masked by path. */
const BINDING_PATHS = ['authorization', 'cookie', 'password', 'secret', 'token', 'apiKey', 'privateKey', 'databaseUrl'];

/**
 * One JSON object per line. Whatever is logged is masked on the way: fields and items with secret names, credentials in
 * URLs, statements and parameters in the errors of database drivers.
 */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: BINDING_PATHS, censor: REDACTED },
    serializers: { err: (error: unknown) => (isSerialized(error) ? error : serializeError(error)) },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redactFields(fields),
    },
    hooks: {
      logMethod(this: Logger, args: unknown[], method: (...args: unknown[]) => void) {
        method.apply(this, safeArguments(args));
      },
    },
  };
  return pino(options, destination ?? bufferedOutput());
}

/** A logger that writes nothing, for tests and tools. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

/** Without a text of its own pino takes the message of the error as `msg`, which may quote data. */
function safeArguments(args: readonly unknown[]): unknown[] {
  const [first, ...rest] = args.map((arg) => (typeof arg === 'string' ? redactText(arg) : arg));
  if (typeof first === 'string') return [first, ...rest];
  const fields = isErrorLike(first) ? { err: first } : first;
  return [fields, ...(rest.length > 0 ? rest : ['(no message)'])];
}

function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  const safe = redact(fields);
  return typeof safe === 'object' && safe !== null ? { ...safe } : {};
}

function isSerialized(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'type' in value && !('stack' in value && value instanceof Error)
  );
}
