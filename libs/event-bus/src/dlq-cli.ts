import { parseArgs } from 'node:util';
import type { DeadLetterLog } from './dead-letters/dead-letter-log.js';
import { kafkaDeadLetters } from './dead-letters/kafka-dead-letters.js';
import { postgresDeadLetters } from './dead-letters/postgres-dead-letters.js';
import { replayDeadLetters } from './dead-letters/replay.js';

const USAGE = `Dead letters: events a consumer could not handle.

  npm run dlq -- list
      Every dead-letter topic (<topic>.dlq.<group>), and how many of its records were not replayed yet.
  npm run dlq -- replay --topic NAME
      Publishes those records to the topic they came from, as they were. Every consumer of that topic gets them again;
      consumers ignore what they have handled. Run it after the reason (header dlq-error-code) was dealt with.

  --brokers HOST:PORT,...   Kafka; default OPENDLS_KAFKA_BROKERS, else KAFKA_BROKERS
  --database-url URL        the log of a standalone server instead; default OPENDLS_LOG_DATABASE_URL
`;

/** The command line is wrong; the message names what. */
class UsageError extends Error {}

interface Options {
  readonly command: string | undefined;
  readonly topic?: string | undefined;
  readonly brokers?: string | undefined;
  readonly databaseUrl?: string | undefined;
}

function parseOptions(args: string[]): Options | 'help' {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        topic: { type: 'string' },
        brokers: { type: 'string' },
        'database-url': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help || positionals.length === 0) return 'help';
    if (positionals[1] !== undefined) throw new UsageError(`unknown argument: ${positionals[1]}`);
    return {
      command: positionals[0],
      topic: values.topic,
      brokers: values.brokers,
      databaseUrl: values['database-url'],
    };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function openLog(options: Options, env: NodeJS.ProcessEnv): DeadLetterLog {
  const databaseUrl = options.databaseUrl ?? env['OPENDLS_LOG_DATABASE_URL'];
  const brokers = options.brokers ?? env['OPENDLS_KAFKA_BROKERS'] ?? env['KAFKA_BROKERS'];
  if (options.brokers === undefined && databaseUrl !== undefined) return postgresDeadLetters(databaseUrl);
  if (brokers !== undefined) return kafkaDeadLetters(brokers.split(','));
  throw new UsageError('name the log: --brokers or --database-url');
}

async function run(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const options = parseOptions(args);
  if (options === 'help') {
    console.log(USAGE);
    return;
  }
  if (options.command !== 'list' && options.command !== 'replay') {
    throw new UsageError(`unknown command: ${options.command}`);
  }
  if (options.command === 'replay' && options.topic === undefined) throw new UsageError('--topic is missing');
  const log = openLog(options, env);
  try {
    if (options.topic === undefined) await list(log);
    else await replay(log, options.topic);
  } finally {
    await log.close();
  }
}

async function list(log: DeadLetterLog): Promise<void> {
  const topics = await log.topics();
  for (const { topic, waiting } of topics) console.log(`${String(waiting).padStart(8)}  ${topic}`);
  if (topics.length === 0) console.log('no dead-letter topics');
}

async function replay(log: DeadLetterLog, topic: string): Promise<void> {
  const count = await replayDeadLetters(log, topic, (record) =>
    console.log(`${record.key}  ${record.eventType}  failed ${record.failedAt} with ${record.errorCode}`),
  );
  console.log(`${count} replayed from ${topic}`);
}

try {
  await run(process.argv.slice(2), process.env);
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\n${USAGE}` : error instanceof Error ? error.message : error);
  process.exitCode = isUsage ? 2 : 1;
}
