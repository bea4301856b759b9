import { flag, parseCommandLine, text, UsageError, type OptionValues } from '@opendls/command-line';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DeadLetterLog } from './dead-letters/dead-letter-log.js';
import { kafkaDeadLetters } from './dead-letters/kafka-dead-letters.js';
import { postgresDeadLetters } from './dead-letters/postgres-dead-letters.js';
import { replayDeadLetters, showDeadLetters, type ReplayedRecord } from './dead-letters/replay.js';

const USAGE = `Dead letters: events a consumer could not handle.

  npm run dlq -- list
      Every dead-letter topic (<topic>.dlq.<group>): how many of its records were not replayed yet, of how many.
  npm run dlq -- show --topic NAME
      Its records: phone, type, when and why they failed.
  npm run dlq -- replay --topic NAME
      Publishes those records to the topic they came from, as they were. Every consumer of that topic gets them again;
      consumers ignore what they have handled. Run it after the reason (header dlq-error-code) was dealt with.

  --data-dir DIR            the running server of this data directory (default ./data)
  --brokers HOST:PORT,...   this Kafka instead; or OPENDLS_KAFKA_BROKERS, or KAFKA_BROKERS
  --database-url URL        this log in PostgreSQL instead; or OPENDLS_LOG_DATABASE_URL
`;

const OPTIONS = {
  topic: text(undefined),
  'data-dir': text(undefined),
  brokers: text(undefined),
  'database-url': text(undefined),
  help: flag(),
};
type Options = OptionValues<typeof OPTIONS>;

/** What is named in the command comes first, then what the environment names, then the server of the data directory. */
function openLog(options: Options, env: NodeJS.ProcessEnv): DeadLetterLog {
  if (options.brokers !== undefined) return kafkaDeadLetters(options.brokers.split(','));
  if (options['database-url'] !== undefined) return postgresDeadLetters(options['database-url']);
  const databaseUrl = env['OPENDLS_LOG_DATABASE_URL'];
  const brokers = env['OPENDLS_KAFKA_BROKERS'] ?? env['KAFKA_BROKERS'];
  if (options['data-dir'] === undefined && databaseUrl) return postgresDeadLetters(databaseUrl);
  if (options['data-dir'] === undefined && brokers) return kafkaDeadLetters(brokers.split(','));
  return logOfServer(options['data-dir'] ?? './data');
}

function logOfServer(dataDirectory: string): DeadLetterLog {
  try {
    // Written by our own servers.
    const { kafka } = JSON.parse(readFileSync(path.join(dataDirectory, 'endpoints.json'), 'utf8')) as {
      kafka: readonly string[] | null;
    };
    if (kafka !== null) return kafkaDeadLetters(kafka);
    return postgresDeadLetters(readFileSync(path.join(dataDirectory, 'event-log-url'), 'utf8').trim());
  } catch (error) {
    throw new UsageError(
      `no server runs on ${dataDirectory} that you may look into: name the log with --data-dir, --brokers or --database-url`,
      { cause: error },
    );
  }
}

async function main(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const [command, ...rest] = args;
  if (command === undefined || args.includes('--help')) {
    console.log(USAGE);
    return;
  }
  const run = COMMANDS.get(command);
  if (run === undefined) throw new UsageError(`unknown command: ${command}`);
  const options = parseCommandLine(OPTIONS, rest);
  if (command !== 'list' && options.topic === undefined) throw new UsageError('--topic is missing');
  const log = openLog(options, env);
  try {
    await run(log, options.topic ?? '');
  } finally {
    await log.close();
  }
}

async function list(log: DeadLetterLog): Promise<void> {
  const topics = await log.topics();
  for (const { topic, waiting, total } of topics) console.log(`${String(waiting).padStart(8)} of ${total}  ${topic}`);
  if (topics.length === 0) console.log('no dead-letter topics');
}

async function show(log: DeadLetterLog, topic: string): Promise<void> {
  await showDeadLetters(log, topic, (record, detail) => console.log(`${line(record)}${detail && ` (${detail})`}`));
}

async function replay(log: DeadLetterLog, topic: string): Promise<void> {
  const count = await replayDeadLetters(log, topic, (record) => console.log(line(record)));
  console.log(`${count} replayed from ${topic}`);
}

function line({ key, eventType, failedAt, errorCode }: ReplayedRecord): string {
  return `${key}  ${eventType}  failed ${failedAt} with ${errorCode}`;
}

const COMMANDS: ReadonlyMap<string, (log: DeadLetterLog, topic: string) => Promise<void>> = new Map([
  ['list', list],
  ['show', show],
  ['replay', replay],
]);

try {
  await main(process.argv.slice(2), process.env);
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\n${USAGE}` : error instanceof Error ? error.message : error);
  process.exitCode = isUsage ? 2 : 1;
}
