export { NO_METRICS, type BusMetrics } from './bus-metrics.js';
export { DEAD_LETTER_HEADERS, deadLetterTopic } from './consume/dead-letter.js';
export type { RetryBackoff } from './consume/retry-backoff.js';
export {
  DONE,
  PublishError,
  type BatchContext,
  type BatchHandler,
  type DeliveredRecord,
  type EventBus,
  type EventPublisher,
  type Outcome,
  type OutgoingRecord,
  type PublishErrorCode,
  type SubscribeOptions,
  type Subscription,
  type TopicSettings,
} from './event-bus.js';
export { createKafkaEventBus, type KafkaEventBusOptions } from './kafka/kafka-event-bus.js';
export type { PublishLimits } from './publish/publish-queue.js';
export { busMetrics } from './prometheus-metrics.js';
export { createPostgresEventBus, type PostgresEventBusOptions } from './postgres/postgres-event-bus.js';
