export { openDataDirectory, type DataDirectory } from './data-directory.js';
export { ensureFirstApiKey } from './first-api-key.js';
export type { EndpointProcess, Endpoints } from './endpoints.js';
export { DataDirectoryError, type DataDirectoryErrorCode } from './errors.js';
export type { TlsFiles } from './secure-tls.js';
