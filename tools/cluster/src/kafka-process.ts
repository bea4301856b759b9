import { startKafka, type RunningKafka } from '@opendls/kafka-tool';
import type { DataDirectory } from '@opendls/data-directory';

const CHECK_MS = 1_000;

/** The brokers the services use, and what this process has to do for them. */
export interface ClusterKafka {
  readonly brokers: readonly string[];
  /** Process ids of brokers started here. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** Uses the named brokers, or starts one and starts it again when it ends. */
export async function clusterKafka(
  data: DataDirectory,
  named: string | undefined,
  say: (line: string) => void,
): Promise<ClusterKafka> {
  if (named) return { brokers: named.split(','), pids: () => [], stop: () => Promise.resolve() };
  say('Starting Kafka ...');
  const inform = (_fields: unknown, message?: string): void => say(`  ${message ?? ''}`);
  const quiet = (): void => undefined;
  const logger = { debug: quiet, info: inform, warn: inform, error: inform };
  const kafka = await startKafka({ dataDir: data.resolve('kafka'), logger });
  const stopWatching = restartWhenGone(kafka, say);
  return {
    brokers: kafka.brokers,
    pids: () => kafka.pids,
    stop: async () => {
      await stopWatching();
      await kafka.stop();
    },
  };
}

function restartWhenGone(kafka: RunningKafka, say: (line: string) => void): () => Promise<void> {
  let restarting: Promise<void> | undefined;
  const timer = setInterval(() => {
    if (restarting ?? kafka.pids.length > 0) return;
    say('Kafka ended; starting it again');
    restarting = kafka
      .restart()
      .then(() => say('Kafka is ready'))
      .catch((error: unknown) => say(`Kafka did not start: ${String(error)}`))
      .finally(() => (restarting = undefined));
  }, CHECK_MS);
  return async () => {
    clearInterval(timer);
    await restarting;
  };
}
