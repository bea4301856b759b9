import { createHash } from 'node:crypto';
import forge from 'node-forge';

/** What a phone can tell of a certificate it was given. */
export interface CertificateInfo {
  readonly subject: string;
  readonly issuer: string;
  /** Lower-case hexadecimal digits. */
  readonly serialNumber: string;
  readonly notAfter: Date;
  readonly sha256: string;
}

/**
 * Reads Base64 PKCS#12 as services send certificates with their keys (PROTOCOL 4.11, 7.2); undefined when it is none, when
 * the passphrase is wrong or when key or certificate is missing. Read in JavaScript, because the ciphers of old files are
 * not part of every OpenSSL.
 */
export function readPkcs12(base64: string, passphrase: string): CertificateInfo | undefined {
  try {
    const der = forge.util.decode64(base64.replaceAll(/\s/g, ''));
    const file = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(der), passphrase);
    const bags = file.safeContents.flatMap(({ safeBags }) => safeBags);
    const certificate = bags.find(({ cert }) => cert)?.cert;
    return certificate && bags.some(({ key }) => key) ? infoOf(certificate) : undefined;
  } catch {
    // Whatever is wrong with it, the phone refuses it the same way.
    return undefined;
  }
}

function infoOf(certificate: forge.pki.Certificate): CertificateInfo {
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
  const nameOf = (field: { attributes: readonly { shortName?: string; type?: string; value?: unknown }[] }): string =>
    field.attributes.map(({ shortName, type, value }) => `${shortName ?? type}=${String(value)}`).join(', ');
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    serialNumber: certificate.serialNumber.toLowerCase(),
    notAfter: certificate.validity.notAfter,
    sha256: createHash('sha256').update(Buffer.from(der, 'latin1')).digest('hex'),
  };
}

/** The value of a `-info` item. Its real form is not known; the service shows it as text (PROTOCOL 11.24). */
export function certificateInfoText({ subject, issuer, serialNumber, notAfter }: CertificateInfo): string {
  return `${subject}; issuer ${issuer}; serial ${serialNumber}; valid until ${notAfter.toISOString()}`;
}

/** True for a PEM certificate, as certificates of authorities are sent (PROTOCOL 6.4). */
export function isPemCertificate(text: string): boolean {
  return /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text);
}
