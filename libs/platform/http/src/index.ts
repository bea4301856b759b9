export { ApiKeyFile, readApiKeys, type ApiKeyFileOptions } from './auth/api-key-file.js';
export { apiKeyFileSchema, type ApiKeyRecord } from './auth/api-key-record.js';
export type { ApiKeySource, AuthenticatedKey, AuthFailureCode, AuthResult } from './auth/api-key-source.js';
export type { FailureLimits } from './auth/failure-limiter.js';
export { createApiKey, listApiKeys, revokeApiKey, type NewApiKey } from './auth/manage-api-keys.js';
export { Roles } from './auth/roles.js';
export { decodeCursor, encodeCursor, pageOf, pageQuerySchema, pageSchema, type Page } from './input/paging.js';
export { parseBody, parseInput, parseParams, parseQuery, pathText, validationProblem } from './input/parse-input.js';
export { parseJson, type JsonResult } from './input/parse-json.js';
export { rawBody, RawBody, type BodyMediaType } from './input/raw-body.js';
export { expectedRevision, revisionEtag } from './input/revision-preconditions.js';
export { OpenStream, Streams } from './input/stream-decorators.js';
export { StreamedBody, streamedBody } from './input/streamed-body.js';
export { problemSchema } from './openapi/document.js';
export { apiQueries, zodToOpenApi, type OpenApiSchema } from './openapi/zod-to-openapi.js';
export { HealthRegistry, type HealthCheck, type HealthRegistryOptions, type Readiness } from './ops/health.js';
export {
  HttpProblem,
  problem,
  type ProblemEntry,
  type ProblemIssue,
  type ProblemOptions,
  type ProblemTable,
} from './problem/http-problem.js';
export { HTTP_PROBLEMS, type HttpErrorCode } from './problem/http-problems.js';
export { createApiServer, type ApiServer, type ApiServerOptions } from './server/create-api-server.js';
export { createOpsServer } from './server/create-ops-server.js';
export type { HttpLimits, HttpServerOptions, RunningServer } from './server/http-server-options.js';
export { listenError, ListenError, urlHost, type ListenErrorCode } from './server/listen.js';
export type { ServicePart } from './service-part.js';
