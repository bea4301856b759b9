import type { TlsOptions } from 'node:tls';
import type {
  GatewayConfig,
  LegacyPhoneListenerConfig,
  PhoneListenerConfig,
  SecurePhoneListenerConfig,
  TlsIdentity,
} from '../config.js';

export type ListenerName = 'default' | 'secure' | 'legacy';

/** The TLS side of one listener, with a certificate that may be newer than the configuration's. */
export function tlsOptionsOf(
  name: ListenerName,
  config: GatewayConfig,
  identity: TlsIdentity,
  clientCa?: string,
): TlsOptions {
  // A session of one listener must not be resumed at another: only the secure one has asked for a certificate.
  const common = { key: identity.key, cert: identity.cert, sessionIdContext: `opendls-${name}` };
  const { securePhones, legacyPhones } = config;
  if (name === 'secure' && securePhones) return { ...common, ...secureOptions(securePhones, clientCa) };
  if (name === 'legacy' && legacyPhones) return { ...common, ...legacyOptions(legacyPhones) };
  return { ...common, ...defaultOptions(config.phones) };
}

/** TLS 1.2 and 1.3. Phones on this listener do not check the certificate (PROTOCOL 1.4). */
function defaultOptions(_config: PhoneListenerConfig): TlsOptions {
  return { minVersion: 'TLSv1.2' };
}

/** Both sides show a certificate (PROTOCOL 7.1); a handshake without one of our authority fails. */
function secureOptions({ clientCa, ciphers, minVersion }: SecurePhoneListenerConfig, newerCa?: string): TlsOptions {
  return {
    minVersion,
    ca: newerCa ?? clientCa,
    requestCert: true,
    rejectUnauthorized: true,
    ...(ciphers === null ? {} : { ciphers, honorCipherOrder: true, dhparam: 'auto' as const }),
  };
}

/**
 * For firmware that speaks only TLS 1.0 with RSA or DHE key exchange and CBC ciphers. `dhparam: 'auto'` picks a group as
 * strong as the key. OpenSSL 3 admits SHA-1 signatures and TLS 1.0 at security level 0 only; 3DES and DES stay in the list
 * for builds of Node.js that have them, OpenSSL skips the names it does not know.
 */
function legacyOptions({ ciphers }: LegacyPhoneListenerConfig): TlsOptions {
  return { minVersion: 'TLSv1', ciphers, dhparam: 'auto', honorCipherOrder: true };
}
