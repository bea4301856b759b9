export { runService, type RunningService, type ServiceProgram, type ServiceSettings } from './run-service.js';
export { serveOnKafka, type KafkaServiceOptions, type KafkaServiceSettings } from './serve-on-kafka.js';
export { databaseUrl, instanceId, sealingKeys, serviceEnvironment } from './service-environment.js';
