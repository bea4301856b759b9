import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
// Reflection metadata must exist before @peculiar/x509 is evaluated.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as IssuerCertificate,
  X509CertificateGenerator,
  type Extension,
} from '@peculiar/x509';
import { DAY_MS, generalName, positiveSerialNumber, type KeyAndCertificate } from './certificate.js';
import { CryptoError } from './crypto-error.js';
import { splitPem } from './pem.js';

/** A certificate with its new key, and what is remembered of it. */
export interface IssuedCertificate extends KeyAndCertificate {
  /** Lower-case hex, as gateways name it. */
  readonly serialNumber: string;
  readonly notAfter: Date;
}

interface NewCertificate {
  readonly commonName: string;
  readonly days: number;
  readonly altNames?: readonly string[];
  /** RSA key length; 2048 unless given: what phones of every age can use. */
  readonly keyBits?: number;
  /** Now unless given; validity starts a day earlier, as clocks of phones run behind. */
  readonly now?: Date;
}

interface NewAuthority {
  readonly commonName: string;
  readonly days: number;
  /** RSA key length; 3072 unless given: it has to last longer than what it signs. */
  readonly keyBits?: number;
}

const KEY_BITS = [2048, 3072, 4096];

/**
 * Signs the certificates of phones and of the listener they use in Secure Mode (PROTOCOL 7.1): RSA with SHA-256, as old
 * phones know nothing else. Nothing it signs lives longer than itself.
 */
export class CertificateAuthority {
  private constructor(
    private readonly signingKey: webcrypto.CryptoKey,
    private readonly issuer: IssuerCertificate,
    /** PEM: the signing certificate first, then those above it, if it is not its own root. */
    readonly chain: readonly string[],
  ) {}

  /** Makes a new authority, which is its own root and signs nothing but end certificates. */
  static async create({ commonName, days, keyBits = 3072 }: NewAuthority): Promise<KeyAndCertificate> {
    requireInput({ commonName, days, keyBits });
    const keys = await generateKeys(keyBits);
    const notBefore = new Date(Date.now() - DAY_MS);
    const certificate = await X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: positiveSerialNumber(),
        name: [{ CN: [commonName] }],
        notBefore,
        notAfter: new Date(notBefore.getTime() + (days + 1) * DAY_MS),
        signingAlgorithm: signingAlgorithm(keyBits),
        keys,
        extensions: [
          new BasicConstraintsExtension(true, 0, true),
          new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
          await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
          await AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    );
    return { key: await privateKeyPem(keys.privateKey), cert: `${certificate.toString('pem')}\n` };
  }

  /**
   * Takes key and certificate from PEM; `cert` may go on with the certificates above the authority's own.
   * @throws CryptoError `certificate-authority-invalid`
   */
  static async open({ key, cert }: KeyAndCertificate): Promise<CertificateAuthority> {
    try {
      const chain = splitPem(cert);
      const [own = ''] = chain;
      const privateKey = createPrivateKey(key);
      const certificate = new X509Certificate(own);
      if (privateKey.asymmetricKeyType !== 'rsa' || !certificate.ca || !certificate.checkPrivateKey(privateKey)) {
        throw new CryptoError('certificate-authority-invalid');
      }
      const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
      const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
      return new CertificateAuthority(signingKey, new IssuerCertificate(own), chain);
    } catch {
      // What OpenSSL says of a text that is no key may quote it.
      throw new CryptoError('certificate-authority-invalid');
    }
  }

  /** The authority's own certificate. */
  get certificate(): string {
    return this.chain[0] ?? '';
  }

  get notAfter(): Date {
    return this.issuer.notAfter;
  }

  /** For one phone: it shows it on the secure listener. */
  async issueClientCertificate(wanted: NewCertificate): Promise<IssuedCertificate> {
    return this.issue(wanted, ExtendedKeyUsage.clientAuth);
  }

  /** For a listener; `altNames` are the names and addresses it is reached by. */
  async issueServerCertificate(wanted: NewCertificate): Promise<IssuedCertificate> {
    return this.issue(wanted, ExtendedKeyUsage.serverAuth);
  }

  private async issue(wanted: NewCertificate, usage: ExtendedKeyUsage): Promise<IssuedCertificate> {
    const { commonName, days, altNames = [], keyBits = 2048, now = new Date() } = wanted;
    requireInput({ commonName, days, keyBits });
    const names = altNames.map(generalName);
    const keys = await generateKeys(keyBits);
    const notBefore = new Date(Math.max(now.getTime() - DAY_MS, this.issuer.notBefore.getTime()));
    const notAfter = new Date(Math.min(now.getTime() + days * DAY_MS, this.issuer.notAfter.getTime()));
    if (notAfter <= notBefore) throw new CryptoError('certificate-input-invalid');
    const serialNumber = positiveSerialNumber();
    const extensions: Extension[] = [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new ExtendedKeyUsageExtension([usage]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      await AuthorityKeyIdentifierExtension.create(this.issuer, false, webcrypto),
    ];
    if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names));
    const certificate = await X509CertificateGenerator.create(
      {
        serialNumber,
        subject: [{ CN: [commonName] }],
        issuer: this.issuer.subjectName,
        notBefore,
        notAfter,
        signingAlgorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
        publicKey: keys.publicKey,
        signingKey: this.signingKey,
        extensions,
      },
      webcrypto,
    );
    const key = await privateKeyPem(keys.privateKey);
    return { key, cert: `${certificate.toString('pem')}\n`, serialNumber, notAfter: certificate.notAfter };
  }
}

function requireInput({ commonName, days, keyBits }: { commonName: string; days: number; keyBits: number }): void {
  const isFine = commonName !== '' && commonName.length <= 64 && days > 0 && KEY_BITS.includes(keyBits);
  if (!isFine) throw new CryptoError('certificate-input-invalid');
}

function signingAlgorithm(modulusLength: number): webcrypto.RsaHashedKeyGenParams {
  return {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength,
  };
}

async function generateKeys(keyBits: number): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(signingAlgorithm(keyBits), true, ['sign', 'verify']);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
