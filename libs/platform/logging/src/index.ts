export { AppError, type AppErrorOptions, type ErrorLogLevel } from './app-error.js';
export { createLogger, silentLogger, type Logger, type LoggerOptions, type LogLevel } from './create-logger.js';
export { logFile } from './log-file.js';
export { REDACTED, redact, redactText } from './redact.js';
export { isSecretName } from './secret-names.js';
export { isErrorLike, serializeError, type SerializedError } from './serialize-error.js';
