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
