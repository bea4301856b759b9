import { generateKeyPairSync, randomBytes } from 'node:crypto';
import forge from 'node-forge';

/** A certificate authority for specs. */
export interface TestAuthority {
  /** PEM. */
  readonly certificate: string;
  /** Key and certificate of a server, PEM; names and addresses become alternative names. */
  issueServer(...names: readonly string[]): { readonly key: string; readonly cert: string };
  /** Key and certificate of a device as Base64 PKCS#12, in the old encryption unless told otherwise. */
  issueClient(commonName: string, options?: ClientOptions): { readonly pkcs12: string; readonly serialNumber: string };
}

export interface ClientOptions {
  readonly passphrase?: string;
  readonly algorithm?: '3des' | 'aes256';
}

const KEY_BITS = 2048;
const DAY_MS = 86_400_000;

export function createTestAuthority(commonName = 'Test authority'): TestAuthority {
  const keys = keyPair();
  const own = certificate(commonName, keys.publicKey, commonName, [
    { name: 'basicConstraints', cA: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true },
  ]);
  own.sign(keys.privateKey, forge.md.sha256.create());
  const issue = (name: string, extensions: readonly object[]): Issued => {
    const subject = keyPair();
    const issued = certificate(name, subject.publicKey, commonName, extensions);
    issued.sign(keys.privateKey, forge.md.sha256.create());
    return { key: subject.privateKey, issued };
  };
  return {
    certificate: forge.pki.certificateToPem(own),
    issueServer: (...names) => {
      const altNames = names.map((name) => (/^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name }));
      const { key, issued } = issue(names[0] ?? 'server', [
        { name: 'subjectAltName', altNames },
        { name: 'extKeyUsage', serverAuth: true },
      ]);
      return { key: forge.pki.privateKeyToPem(key), cert: forge.pki.certificateToPem(issued) };
    },
    issueClient: (name, { passphrase = '', algorithm = '3des' } = {}) => {
      const { key, issued } = issue(name, [{ name: 'extKeyUsage', clientAuth: true }]);
      const file = forge.pkcs12.toPkcs12Asn1(key, [issued], passphrase, { algorithm });
      const pkcs12 = Buffer.from(forge.asn1.toDer(file).getBytes(), 'latin1').toString('base64');
      return { pkcs12, serialNumber: issued.serialNumber };
    },
  };
}

/** Made by Node: forge's own primes take seconds. */
function keyPair(): forge.pki.rsa.KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: KEY_BITS });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const own = forge.pki.privateKeyFromPem(pem);
  return { privateKey: own, publicKey: forge.pki.setRsaPublicKey(own.n, own.e) };
}

interface Issued {
  readonly key: forge.pki.rsa.PrivateKey;
  readonly issued: forge.pki.Certificate;
}

function certificate(
  commonName: string,
  publicKey: forge.pki.rsa.PublicKey,
  issuer: string,
  extensions: readonly object[],
): forge.pki.Certificate {
  const made = forge.pki.createCertificate();
  made.publicKey = publicKey;
  made.serialNumber = `01${randomBytes(8).toString('hex')}`; // a leading 01 keeps it positive
  made.validity.notBefore = new Date(Date.now() - DAY_MS);
  made.validity.notAfter = new Date(Date.now() + DAY_MS);
  made.setSubject([{ name: 'commonName', value: commonName }]);
  made.setIssuer([{ name: 'commonName', value: issuer }]);
  made.setExtensions([...extensions]);
  return made;
}
