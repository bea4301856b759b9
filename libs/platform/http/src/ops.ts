// For processes without an API of their own: health and metrics, without Nest, which takes 90 MB to load.
export { ApiKeyFile, readApiKeys, type ApiKeyFileOptions } from './auth/api-key-file.js';
export type { ApiKeySource, AuthenticatedKey, AuthFailureCode, AuthResult } from './auth/api-key-source.js';
export { HealthRegistry, type HealthCheck, type HealthRegistryOptions, type Readiness } from './ops/health.js';
export { createOpsServer } from './server/create-ops-server.js';
export type { HttpLimits, HttpServerOptions, RunningServer } from './server/http-server-options.js';
export { listenError, ListenError, urlHost, type ListenErrorCode } from './server/listen.js';
