import { durationMs, integer, port } from '@opendls/config';
import { PKCS12_CIPHERS } from '@opendls/crypto';
import { z } from 'zod';
import { DEFAULT_SECURITY, type SecurityOptions } from './security-settings.js';

const pem = (kind: string): z.ZodString =>
  z.string().regex(new RegExp(`-----BEGIN ([A-Z]+ )*${kind}-----`), 'must be PEM');

/** The variables of Secure Mode. */
export const securityVariables = {
  OPENDLS_CONFIG_POLICY_CA_KEY: pem('PRIVATE KEY').optional(),
  OPENDLS_CONFIG_POLICY_CA_CERT: pem('CERTIFICATE').optional(),
  OPENDLS_CONFIG_POLICY_SERVER_CA: pem('CERTIFICATE').optional(),
  OPENDLS_CONFIG_POLICY_SECURE_PHONE_PORT: port().default(DEFAULT_SECURITY.securePhonePort),
  OPENDLS_CONFIG_POLICY_CLIENT_CERTIFICATE_DAYS: integer({ min: 1, max: 7_300 }).default(
    DEFAULT_SECURITY.clientCertificateDays,
  ),
  OPENDLS_CONFIG_POLICY_RENEW_CERTIFICATE_DAYS: integer({ min: 1, max: 3_650 }).default(
    DEFAULT_SECURITY.renewBeforeDays,
  ),
  OPENDLS_CONFIG_POLICY_PKCS12_PASSPHRASE: z.string().max(200).optional(),
  OPENDLS_CONFIG_POLICY_PKCS12_CIPHER: z.enum(PKCS12_CIPHERS).default(DEFAULT_SECURITY.pkcs12Cipher),
  OPENDLS_CONFIG_POLICY_BOOTSTRAP_TIMEOUT_MS: durationMs({ min: 1_000 }).default(DEFAULT_SECURITY.bootstrapTimeoutMs),
};

type SecurityEnvironment = z.output<z.ZodObject<typeof securityVariables>>;

/** Key and certificate of the authority come together, and certificates last longer than the time of their renewal. */
export function checkSecurity({ value, issues }: z.core.ParsePayload<SecurityEnvironment>): void {
  const complain = (name: keyof SecurityEnvironment, message: string): void => {
    issues.push({ code: 'custom', path: [name], message, input: undefined });
  };
  if (value.OPENDLS_CONFIG_POLICY_CA_KEY !== undefined && value.OPENDLS_CONFIG_POLICY_CA_CERT === undefined) {
    complain('OPENDLS_CONFIG_POLICY_CA_CERT', 'is required with OPENDLS_CONFIG_POLICY_CA_KEY');
  }
  if (value.OPENDLS_CONFIG_POLICY_CA_CERT !== undefined && value.OPENDLS_CONFIG_POLICY_CA_KEY === undefined) {
    complain('OPENDLS_CONFIG_POLICY_CA_KEY', 'is required with OPENDLS_CONFIG_POLICY_CA_CERT');
  }
  const { OPENDLS_CONFIG_POLICY_CLIENT_CERTIFICATE_DAYS: days, OPENDLS_CONFIG_POLICY_RENEW_CERTIFICATE_DAYS: before } =
    value;
  if (before >= days) {
    complain('OPENDLS_CONFIG_POLICY_RENEW_CERTIFICATE_DAYS', 'must be less than the days a certificate is valid');
  }
}

/** undefined: there is no certificate authority. */
export function securityOptionsOf(env: SecurityEnvironment): SecurityOptions | undefined {
  const { OPENDLS_CONFIG_POLICY_CA_KEY: key, OPENDLS_CONFIG_POLICY_CA_CERT: cert } = env;
  if (key === undefined || cert === undefined) return undefined;
  return {
    authority: { key, cert },
    serverAuthorities: env.OPENDLS_CONFIG_POLICY_SERVER_CA,
    securePhonePort: env.OPENDLS_CONFIG_POLICY_SECURE_PHONE_PORT,
    clientCertificateDays: env.OPENDLS_CONFIG_POLICY_CLIENT_CERTIFICATE_DAYS,
    renewBeforeDays: env.OPENDLS_CONFIG_POLICY_RENEW_CERTIFICATE_DAYS,
    pkcs12Passphrase: env.OPENDLS_CONFIG_POLICY_PKCS12_PASSPHRASE ?? '',
    pkcs12Cipher: env.OPENDLS_CONFIG_POLICY_PKCS12_CIPHER,
    bootstrapTimeoutMs: env.OPENDLS_CONFIG_POLICY_BOOTSTRAP_TIMEOUT_MS,
  };
}
