export { configPolicyEnvironment } from './config.js';
export { createConfigPolicy, type ConfigPolicyOptions, type ConfigPolicyPart } from './create-config-policy.js';
export { DEFAULT_FILE_SETTINGS, type FileSettings } from './files/create-file-store.js';
export type { OpenContent, StoredContents } from './files/read-content.js';
export type { SecurityOptions } from './security/security-settings.js';
export { migrateConfigPolicy } from './data-source.js';
export { DEFAULT_SETTINGS, type DecisionSettings } from './decision-settings.js';
