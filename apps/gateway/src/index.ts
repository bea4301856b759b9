export {
  configFromEnvironment,
  gatewayConfig,
  gatewayEnvironment,
  LEGACY_CIPHERS,
  type GatewayConfig,
  type GatewayConfigInput,
  type GatewayEnvironment,
  type LegacyPhoneListenerConfig,
  type PhoneListenerConfig,
  type PhoneRequestLimits,
  type TlsIdentity,
} from './config.js';
export { startGateway, type GatewayOptions, type RunningGateway } from './gateway.js';
export { FileSourceError, type FileContent, type FileSource, type FileSourceErrorCode } from './files/file-source.js';
export type { ContactMeConfig, DcmpListenerConfig, EdgeConfig, FilesConfig } from './edge-config.js';
