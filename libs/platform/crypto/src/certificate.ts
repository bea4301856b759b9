import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
// Reflection metadata must exist before @peculiar/x509 is evaluated.
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { CryptoError } from './crypto-error.js';

/** What the certificate is for. */
export interface CertificateOptions {
  readonly commonName: string;
  /** Host names and IP addresses it is valid for. */
  readonly altNames: readonly string[];
  readonly days: number;
  /** RSA key length; 2048 unless given. */
  readonly keyBits?: number;
  /** Start of validity; one day before now unless given, as clocks of phones run behind. */
  readonly notBefore?: Date;
}

/** Key (PKCS#8) and certificate as PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

export const DAY_MS = 86_400_000;
const DNS_NAME =
  /^(?=.{1,253}$)(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/;

/**
 * Makes a self-signed server certificate that old phones can use: RSA with SHA-256, key usages for both RSA and (EC)DHE
 * key exchange. Elliptic curve keys are out of the question for them.
 * @throws CryptoError `certificate-input-invalid`
 */
export async function createSelfSignedCertificate(options: CertificateOptions): Promise<KeyAndCertificate> {
  const { commonName, altNames, days, keyBits = 2048 } = options;
  const notBefore = options.notBefore ?? new Date(Date.now() - DAY_MS);
  if (commonName === '' || commonName.length > 64 || !(days > 0) || ![2048, 3072, 4096].includes(keyBits)) {
    throw new CryptoError('certificate-input-invalid');
  }
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: keyBits,
  };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: positiveSerialNumber(),
      name: [{ CN: [commonName] }],
      notBefore,
      notAfter: new Date(notBefore.getTime() + (days + 1) * DAY_MS),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(altNames.map(generalName)),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { key: PemConverter.encode(pkcs8, 'PRIVATE KEY') + '\n', cert: certificate.toString('pem') + '\n' };
}

/** A host name or an address as a subject alternative name. */
export function generalName(name: string): { type: 'ip' | 'dns'; value: string } {
  if (isIP(name) !== 0) return { type: 'ip', value: name };
  if (!DNS_NAME.test(name)) throw new CryptoError('certificate-input-invalid');
  return { type: 'dns', value: name };
}

/** Sixteen random bytes, positive, without a leading zero. */
export function positiveSerialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}
