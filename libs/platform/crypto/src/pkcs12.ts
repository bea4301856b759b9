import forge from 'node-forge';
import type { KeyAndCertificate } from './certificate.js';

/** `3des`: PBE-SHA1-3DES, which the OpenSSL in old phones reads; `aes256`: PBES2. */
export const PKCS12_CIPHERS = ['3des', 'aes256'] as const;
export type Pkcs12Cipher = (typeof PKCS12_CIPHERS)[number];

export interface Pkcs12Options extends KeyAndCertificate {
  /** Certificates above the first, PEM. */
  readonly chain: readonly string[];
  /** May be empty, which is not the same as none: the key is encrypted with it and the content has a MAC. */
  readonly passphrase: string;
  readonly cipher: Pkcs12Cipher;
  readonly friendlyName?: string;
}

/** Packs a key and its certificates as PKCS#12, Base64 in one line: the form of `dls-client-certificate` (PROTOCOL 11 #5). */
export function createPkcs12({ key, cert, chain, passphrase, cipher, friendlyName }: Pkcs12Options): string {
  const certificates = [cert, ...chain].map((pem) => forge.pki.certificateFromPem(pem));
  const asn1 = forge.pkcs12.toPkcs12Asn1(forge.pki.privateKeyFromPem(key), certificates, passphrase, {
    algorithm: cipher,
    generateLocalKeyId: true,
    ...(friendlyName === undefined ? {} : { friendlyName }),
  });
  return forge.util.encode64(forge.asn1.toDer(asn1).getBytes());
}
