import type { EmbeddedPostgresLogger } from '../src/logger.js';

const ignore = (): void => undefined;

export const silentLogger: EmbeddedPostgresLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
