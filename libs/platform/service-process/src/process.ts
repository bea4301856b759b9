// For processes without an API of their own: without what `serveOnKafka` needs for one.
export { runService, type RunningService, type ServiceProgram, type ServiceSettings } from './run-service.js';
export { databaseUrl, instanceId, sealingKeys, serviceEnvironment } from './service-environment.js';
