import { parseArgs } from 'node:util';

export const USAGE = `A real Kafka for development (needs Java 17).

  npm run kafka -- start [--nodes 1|3] [--port 9092] [--data-dir DIR]
      Starts Kafka in the foreground until Ctrl-C. --port 0: any free port.
      Without --data-dir the data is thrown away at the end.
  npm run kafka -- consume --topic NAME [--brokers HOST:PORT,...] [--from-beginning]
      Prints records with key and headers: Kafka's own console consumer.
      Brokers: --brokers, else KAFKA_BROKERS, else 127.0.0.1:9092.
  npm run kafka -- fetch
      Only fetches Kafka from Maven Central into the cache.
`;

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'fetch' }
  | { readonly kind: 'start'; readonly nodes: 1 | 3; readonly port: number; readonly dataDir: string | undefined }
  | { readonly kind: 'consume'; readonly topic: string; readonly brokers: string; readonly fromBeginning: boolean };

/** The command line is wrong; the message names what. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const OPTIONS = {
  start: { nodes: { type: 'string' }, port: { type: 'string' }, 'data-dir': { type: 'string' } },
  consume: { topic: { type: 'string' }, brokers: { type: 'string' }, 'from-beginning': { type: 'boolean' } },
  fetch: {},
} as const;

/** Reads `npm run kafka -- ...`; throws {@link UsageError}. */
export function parseCommandLine(args: readonly string[], env: NodeJS.ProcessEnv): Command {
  const [name, ...rest] = args;
  if (name === undefined || args.includes('--help') || args.includes('-h')) return { kind: 'help' };
  switch (name) {
    case 'start':
      return parseStart(parse(rest, OPTIONS.start));
    case 'consume':
      return parseConsume(parse(rest, OPTIONS.consume), env);
    case 'fetch':
      parse(rest, OPTIONS.fetch);
      return { kind: 'fetch' };
    default:
      throw new UsageError(`unknown command: ${name}`);
  }
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

function parse(args: readonly string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options']): Values {
  try {
    // No option is declared `multiple`, so no value is a list.
    return parseArgs({ args: [...args], options: options ?? {}, strict: true }).values as Values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseStart(values: Values): Command {
  const nodes = Number(values['nodes'] ?? 1);
  if (nodes !== 1 && nodes !== 3) throw new UsageError(`--nodes must be 1 or 3, not ${String(values['nodes'])}`);
  const port = Number(values['port'] ?? 9092);
  if (!Number.isInteger(port) || port < 0 || port > 65_533) {
    throw new UsageError(`--port must be a port number, not ${String(values['port'])}`);
  }
  const dataDir = values['data-dir'];
  return { kind: 'start', nodes, port, dataDir: dataDir === undefined ? undefined : String(dataDir) };
}

function parseConsume(values: Values, env: NodeJS.ProcessEnv): Command {
  if (values['topic'] === undefined) throw new UsageError('--topic is missing');
  const brokers = String(values['brokers'] ?? env['KAFKA_BROKERS'] ?? '127.0.0.1:9092');
  return { kind: 'consume', topic: String(values['topic']), brokers, fromBeginning: values['from-beginning'] === true };
}
