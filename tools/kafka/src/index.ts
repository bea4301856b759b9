export { brokersForTests, describeWithKafka, type NoBrokers, type TestBrokers } from './brokers-for-tests.js';
export { KAFKA_VERSION } from './kafka-jars.js';
export { KafkaUnavailable, type KafkaUnavailableCode } from './kafka-unavailable.js';
export { startKafka, type RunningKafka, type StartKafkaOptions } from './start-kafka.js';
export type { ToolLogger } from './tool-logger.js';
