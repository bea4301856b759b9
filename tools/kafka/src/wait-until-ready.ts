import { Kafka, logLevel, type Admin } from 'kafkajs';
import type { BrokerNode } from './broker-node.js';
import { brokerAddress } from './node-properties.js';
import { KafkaUnavailable } from './kafka-unavailable.js';

const POLL_MS = 150;
const DEFAULT_DEADLINE_MS = 90_000;

/** Throws while the cluster is not complete or its group coordinator does not answer. */
async function probe(admin: Admin, nodeCount: number): Promise<void> {
  const cluster = await admin.describeCluster();
  if (cluster.brokers.length < nodeCount || cluster.controller === null) throw new Error('brokers are missing');
  await admin.fetchOffsets({ groupId: 'opendls-readiness-probe', topics: [] });
}

/**
 * Resolves when every broker is in the metadata and a group coordinator answers; throws when a broker ends before that.
 * "Kafka Server started" in the log is too early: for some hundred milliseconds coordinators are still loading.
 */
export async function waitUntilReady(nodes: readonly BrokerNode[], deadlineMs = DEFAULT_DEADLINE_MS): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  const client = new Kafka({
    brokers: nodes.map((node) => brokerAddress(node.plan)),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 5000,
    retry: { retries: 0 },
  });
  let lastProblem: unknown;
  while (Date.now() < deadline) {
    const ended = nodes.find((node) => node.pid === undefined);
    if (ended) throw await ended.failure();
    const admin = client.admin();
    try {
      await admin.connect();
      await probe(admin, nodes.length);
      return;
    } catch (error) {
      lastProblem = error;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new KafkaUnavailable('start-failed', `Kafka was not ready within ${deadlineMs} ms: ${String(lastProblem)}`);
}
