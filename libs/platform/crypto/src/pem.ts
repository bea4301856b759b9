const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in order, each ending with a line break; what stands around them is left out. */
export function splitPem(text: string): string[] {
  return [...text.matchAll(CERTIFICATE)].map(([certificate]) => `${certificate.replaceAll('\r', '')}\n`);
}
