export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
export { AlreadyRunning, EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './errors.js';
export type { EmbeddedPostgresLogger } from './logger.js';
export type { ServerExit } from './server-process.js';
export type { Durability } from './server-settings.js';
