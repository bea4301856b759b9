import type { Admin, ITopicConfig } from 'kafkajs';
import type { TopicSettings } from '../event-bus.js';

/** How many partitions and copies a created topic gets. */
export interface TopicLayout {
  readonly partitions: number;
  /** Never more than there are brokers. */
  readonly replicationFactor: number;
}

export const DEFAULT_TOPIC_LAYOUT: TopicLayout = { partitions: 6, replicationFactor: 3 };

const COMPACTED_TOMBSTONES_MS = 24 * 60 * 60 * 1000;

/** Creates what is missing; what exists stays as it is, whatever its settings. */
export async function createMissingTopics(
  admin: Admin,
  topics: readonly TopicSettings[],
  layout: TopicLayout,
): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter((topic) => !existing.has(topic.name));
  if (missing.length === 0) return;
  const { brokers } = await admin.describeCluster();
  const replicationFactor = Math.max(1, Math.min(layout.replicationFactor, brokers.length));
  try {
    await admin.createTopics({
      topics: missing.map((topic) => toTopicConfig(topic, { ...layout, replicationFactor })),
      waitForLeaders: true,
      timeout: 10_000,
    });
  } catch (error) {
    // Another process was faster with some of them.
    const now = new Set(await admin.listTopics());
    if (missing.some((topic) => !now.has(topic.name))) throw error;
  }
}

function toTopicConfig(topic: TopicSettings, layout: TopicLayout): ITopicConfig {
  const entries = [
    { name: 'cleanup.policy', value: topic.cleanup },
    // With three copies, two must have a record before it counts as acknowledged: one broker may be lost, or down.
    { name: 'min.insync.replicas', value: String(layout.replicationFactor >= 3 ? 2 : 1) },
  ];
  if (topic.cleanup === 'compact')
    entries.push({ name: 'delete.retention.ms', value: String(COMPACTED_TOMBSTONES_MS) });
  else if (topic.retentionMs !== undefined) entries.push({ name: 'retention.ms', value: String(topic.retentionMs) });
  return {
    topic: topic.name,
    numPartitions: layout.partitions,
    replicationFactor: layout.replicationFactor,
    configEntries: entries,
  };
}
