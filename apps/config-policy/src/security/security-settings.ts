import type { KeyAndCertificate, Pkcs12Cipher } from '@opendls/crypto';

/** What Secure Mode needs; without it no phone can be asked into it, and phones that are there stay there. */
export interface SecurityOptions {
  /** Signs the certificates of phones. */
  readonly authority: KeyAndCertificate;
  /** PEM: who signed the certificate of the secure listener; the authority itself unless given. */
  readonly serverAuthorities?: string;
  readonly securePhonePort?: number;
  readonly clientCertificateDays?: number;
  /** A certificate is renewed this long before it ends. */
  readonly renewBeforeDays?: number;
  readonly pkcs12Passphrase?: string;
  readonly pkcs12Cipher?: Pkcs12Cipher;
  /** From accepting to the first contact on the secure listener. */
  readonly bootstrapTimeoutMs?: number;
}

export type SecuritySettings = Required<Omit<SecurityOptions, 'authority' | 'serverAuthorities'>>;

export const DEFAULT_SECURITY: SecuritySettings = {
  securePhonePort: 18_444,
  clientCertificateDays: 730,
  renewBeforeDays: 60,
  pkcs12Passphrase: '',
  pkcs12Cipher: '3des',
  bootstrapTimeoutMs: 15 * 60_000,
};
