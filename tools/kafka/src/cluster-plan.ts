import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { freePorts, isFree } from './free-ports.js';
import { KafkaUnavailable } from './kafka-unavailable.js';
import { brokerAddress, type NodePlan } from './node-properties.js';

export interface ClusterPlan {
  readonly clusterId: string;
  readonly nodes: readonly NodePlan[];
}

export interface PlanOptions {
  readonly dataDir: string;
  readonly count: number;
  /** Port of the first broker; the others follow. */
  readonly port?: number | undefined;
  readonly keepData: boolean;
  /** Choose ports again although the directory remembers some. */
  readonly isRetry: boolean;
}

/** The plan of a kept directory is kept too: cluster id, directory ids and, where they are still free, ports. */
export async function planCluster(options: PlanOptions): Promise<ClusterPlan> {
  const known = options.keepData ? await readPlan(options.dataDir) : undefined;
  if (known) await assertUsable(known, options);
  const ports = await freePorts(options.count * 2);
  const nodes = Array.from({ length: options.count }, (_, index): NodePlan => {
    const old = known?.nodes[index];
    const remembered = options.isRetry ? undefined : old;
    return {
      id: index + 1,
      port: options.port ? options.port + index : (remembered?.port ?? portAt(ports, index)),
      controllerPort: remembered?.controllerPort ?? portAt(ports, options.count + index),
      directoryId: old?.directoryId ?? randomId(),
      directory: path.join(options.dataDir, `node-${index + 1}`),
    };
  });
  // Kafka would find out too, some seconds later.
  if (options.port) await assertFree(nodes);
  const plan = { clusterId: known?.clusterId ?? randomId(), nodes };
  if (options.keepData) await writeFile(planFile(options.dataDir), `${JSON.stringify(plan, null, 2)}\n`);
  return plan;
}

const planFile = (dataDir: string): string => path.join(dataDir, 'cluster.json');

async function readPlan(dataDir: string): Promise<ClusterPlan | undefined> {
  const text = await readFile(planFile(dataDir), 'utf8').catch(() => undefined);
  // Written by this file alone, in this shape.
  return text === undefined ? undefined : (JSON.parse(text) as ClusterPlan);
}

async function assertUsable(known: ClusterPlan, options: PlanOptions): Promise<void> {
  const { dataDir, count } = options;
  if (known.nodes.length !== count) {
    throw new KafkaUnavailable('start-failed', `${dataDir} holds a Kafka of ${known.nodes.length} nodes, not ${count}`);
  }
  if (await isRunning(known)) {
    const brokers = known.nodes.map(brokerAddress).join(',');
    throw new KafkaUnavailable('data-in-use', `another Kafka is running on ${dataDir} (${brokers})`);
  }
}

async function assertFree(nodes: readonly NodePlan[]): Promise<void> {
  for (const { port } of nodes) {
    if (!(await isFree(port))) throw new KafkaUnavailable('port-in-use', `port ${port} is in use`);
  }
}

/** Whether what answers at the remembered ports is this very cluster, and not somebody else who got the port. */
async function isRunning(plan: ClusterPlan): Promise<boolean> {
  const client = new Kafka({
    brokers: plan.nodes.map(brokerAddress),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 500,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).clusterId === plan.clusterId;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function randomId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    // Kafka's tools take an id that begins with a dash for an option.
    if (!id.startsWith('-')) return id;
  }
}

function portAt(ports: readonly number[], index: number): number {
  const port = ports[index];
  if (port === undefined) throw new Error('too few ports');
  return port;
}
