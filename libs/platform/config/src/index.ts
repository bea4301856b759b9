export { ConfigError, type ConfigProblem } from './config-error.js';
export { loadConfig, variableNames, variableSchemas, type LoadConfigOptions } from './load-config.js';
export { byteSize, csv, durationMs, flag, integer, logLevel, port, type Range } from './value-schemas.js';
