import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BrokerNode, type BrokerCommand } from './broker-node.js';
import { planCluster, type ClusterPlan } from './cluster-plan.js';
import { findJava } from './java-runtime.js';
import { kafkaClassPath } from './kafka-jars.js';
import { KafkaUnavailable } from './kafka-unavailable.js';
import { brokerAddress } from './node-properties.js';
import { quietLogger, type ToolLogger } from './tool-logger.js';
import { waitUntilReady } from './wait-until-ready.js';

const ATTEMPTS = 5;

export interface StartKafkaOptions {
  /** One broker, or three for replication and leader loss. Default 1. */
  readonly nodes?: 1 | 3;
  /** Where topics are kept. Default: a temporary directory. */
  readonly dataDir?: string;
  /** Port of the first broker, the next ones follow it. Default (and 0): any free ports. */
  readonly port?: number;
  /** Keep the data when Kafka stops. Default: true with `dataDir`, else false. */
  readonly keepData?: boolean;
  readonly logger?: ToolLogger;
}

/** A running Kafka. Nodes are numbered from 1. */
export interface RunningKafka {
  readonly brokers: string[];
  /** Process ids of the brokers that run now. */
  readonly pids: number[];
  readonly dataDir: string;
  /** Stops cleanly and, unless kept, removes the data. */
  stop(): Promise<void>;
  /** SIGKILL of one node, or of all. `restart` brings them back. */
  kill(node?: number): Promise<void>;
  /** Clean stop of one node, or of all, that keeps the data. `restart` brings them back. */
  pause(node?: number): Promise<void>;
  /** Stops (where running) and starts one node, or all, on the same ports and data; resolves when ready. */
  restart(node?: number): Promise<void>;
}

/**
 * Starts a real Kafka (KRaft) and resolves when clients can use it. Throws {@link KafkaUnavailable} when this machine
 * cannot run one. The brokers end with this process, however it ends.
 */
export async function startKafka(options: StartKafkaOptions = {}): Promise<RunningKafka> {
  const logger = options.logger ?? quietLogger;
  const java = await findJava();
  const classPath = await kafkaClassPath(logger);
  const keepData = options.keepData ?? options.dataDir !== undefined;
  const dataDir = options.dataDir
    ? path.resolve(options.dataDir)
    : await mkdtemp(path.join(tmpdir(), 'opendls-kafka-'));
  await mkdir(dataDir, { recursive: true });
  const command: BrokerCommand = { java, classPath, isTemporary: !keepData };
  const { nodes: count = 1, port } = options;
  for (let attempt = 1; ; attempt += 1) {
    let brokers: BrokerNode[] = [];
    try {
      const plan = await planCluster({ dataDir, count, port, keepData, isRetry: attempt > 1 });
      brokers = plan.nodes.map((node) => new BrokerNode(node, command));
      await startCluster(plan, brokers);
      logger.info({ brokers: plan.nodes.map(brokerAddress), dataDir }, 'Kafka is ready');
      return runningKafka(brokers, dataDir, keepData);
    } catch (error) {
      await Promise.all(brokers.map((broker) => broker.stop()));
      // A directory that was named to us may hold somebody else's data, or be another Kafka's.
      if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
      const isTaken = error instanceof KafkaUnavailable && error.code === 'port-in-use';
      if (!isTaken || Boolean(port) || attempt === ATTEMPTS) throw error;
      logger.debug({ attempt }, 'a port was taken meanwhile, choosing again');
    }
  }
}

async function startCluster(plan: ClusterPlan, brokers: readonly BrokerNode[]): Promise<void> {
  for (const broker of brokers) await broker.prepare(plan.clusterId, plan.nodes);
  for (const broker of brokers) await broker.start();
  await waitUntilReady(brokers);
}

function runningKafka(brokers: readonly BrokerNode[], dataDir: string, keepData: boolean): RunningKafka {
  const pick = (node?: number): BrokerNode[] =>
    brokers.filter((broker) => node === undefined || broker.plan.id === node);
  // The controllers need a majority to shut down in order, so all are asked at once.
  const pause = async (node?: number): Promise<void> => {
    await Promise.all(pick(node).map((broker) => broker.stop()));
  };
  return {
    brokers: brokers.map((broker) => brokerAddress(broker.plan)),
    get pids() {
      return brokers.flatMap((broker) => broker.pid ?? []);
    },
    dataDir,
    pause,
    async stop() {
      await pause();
      if (!keepData) await rm(dataDir, { recursive: true, force: true });
    },
    async kill(node) {
      await Promise.all(pick(node).map((broker) => broker.kill()));
    },
    async restart(node) {
      await pause(node);
      for (const broker of pick(node)) await broker.start();
      await waitUntilReady(brokers.filter((broker) => broker.pid !== undefined));
    },
  };
}
