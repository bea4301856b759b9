import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { USAGE, UsageError, parseCommandLine, type Command } from './command-line.js';
import { findJava } from './java-runtime.js';
import { kafkaClassPath } from './kafka-jars.js';
import { KafkaUnavailable } from './kafka-unavailable.js';
import { startKafka } from './start-kafka.js';
import type { ToolLogger } from './tool-logger.js';

const say = (message: string): void => void process.stderr.write(`${message}\n`);
const logger: ToolLogger = {
  debug: () => undefined,
  info: (_, message) => say(message),
  warn: (_, message) => say(message),
};

async function start(command: Extract<Command, { kind: 'start' }>): Promise<number> {
  const { nodes, port, dataDir } = command;
  const kafka = await startKafka({ nodes, port, ...(dataDir && { dataDir }), logger });
  say(dataDir ? `Data: ${kafka.dataDir}` : 'Data is thrown away at the end (keep it with --data-dir).');
  process.stdout.write(`KAFKA_BROKERS=${kafka.brokers.join(',')}\n`);
  say('Ctrl-C stops it.');
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
  say('stopping Kafka');
  await kafka.stop();
  return 0;
}

async function consume(command: Extract<Command, { kind: 'consume' }>): Promise<number> {
  const java = await findJava();
  const tool = ['-XX:TieredStopAtLevel=1', '-cp', await kafkaClassPath(logger)];
  const consumer = ['org.apache.kafka.tools.consumer.ConsoleConsumer', '--bootstrap-server', command.brokers];
  const what = ['--topic', command.topic, ...(command.fromBeginning ? ['--from-beginning'] : [])];
  const format = ['--property', 'print.key=true', '--property', 'print.headers=true'];
  const child = spawn(java, [...tool, ...consumer, ...what, ...format], { stdio: 'inherit' });
  // Ctrl-C reaches the consumer by itself; it prints its count and ends, and so does this process.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  await once(child, 'exit');
  return child.exitCode ?? 0;
}

async function run(): Promise<number> {
  const command = parseCommandLine(process.argv.slice(2), process.env);
  switch (command.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'fetch':
      await kafkaClassPath(logger);
      return 0;
    case 'start':
      return start(command);
    case 'consume':
      return consume(command);
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  if (error instanceof UsageError) say(`${error.message}\n\n${USAGE}`);
  else if (error instanceof KafkaUnavailable) say(`${error.code}: ${error.message}`);
  else throw error;
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
