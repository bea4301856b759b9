export { configPolicyEnvironment } from './config.js';
export { createConfigPolicy, type ConfigPolicyOptions, type ConfigPolicyPart } from './create-config-policy.js';
export { migrateConfigPolicy } from './data-source.js';
export { DEFAULT_SETTINGS, type DecisionSettings } from './decision-settings.js';
