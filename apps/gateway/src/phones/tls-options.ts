import type { TlsOptions } from 'node:tls';
import type { LegacyPhoneListenerConfig, PhoneListenerConfig } from '../config.js';

/** TLS 1.2 and 1.3. Phones on this listener do not check the certificate (PROTOCOL 1.4). */
export function tlsOptions({ tls }: PhoneListenerConfig): TlsOptions {
  return { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' };
}

/**
 * For firmware that speaks only TLS 1.0 with RSA or DHE key exchange and CBC ciphers. `dhparam: 'auto'` picks a group as
 * strong as the key. OpenSSL 3 admits SHA-1 signatures and TLS 1.0 at security level 0 only; 3DES and DES stay in the list
 * for builds of Node.js that have them, OpenSSL skips the names it does not know.
 */
export function legacyTlsOptions({ tls, ciphers }: LegacyPhoneListenerConfig): TlsOptions {
  return {
    key: tls.key,
    cert: tls.cert,
    minVersion: 'TLSv1',
    ciphers,
    dhparam: 'auto',
    honorCipherOrder: true,
  };
}
