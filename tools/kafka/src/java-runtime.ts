import { spawn } from 'node:child_process';
import path from 'node:path';
import { KafkaUnavailable } from './kafka-unavailable.js';

/** Kafka 4 brokers need it. */
export const MINIMUM_JAVA = 17;

export interface CommandResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end and collects what it prints; rejects when it cannot be started. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** Reads the major version out of what `java -version` prints (`"17.0.15"`, `"1.8.0_402"`, `"25-ea"`). */
export function parseJavaMajor(text: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/** The `java` to use: `JAVA_HOME` first, then the search path. Throws {@link KafkaUnavailable} when none is new enough. */
export async function findJava(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const java = env['JAVA_HOME'] ? path.join(env['JAVA_HOME'], 'bin', 'java') : 'java';
  let result: CommandResult;
  try {
    result = await runCommand(java, ['-version']);
  } catch (cause) {
    throw new KafkaUnavailable(
      'no-java',
      `Kafka needs Java ${MINIMUM_JAVA} or newer, and "${java}" cannot be started: install one, set JAVA_HOME, or name a running broker in KAFKA_BROKERS`,
      { cause },
    );
  }
  const major = parseJavaMajor(result.output);
  if (major === undefined || major < MINIMUM_JAVA) {
    throw new KafkaUnavailable(
      'java-too-old',
      `Kafka needs Java ${MINIMUM_JAVA} or newer, and "${java}" is ${major === undefined ? 'of an unknown version' : `Java ${major}`}`,
    );
  }
  return java;
}
