/** Why something could not be opened, verified or made. */
export type CryptoErrorCode =
  | 'sealing-keys-invalid'
  | 'sealed-malformed'
  | 'sealing-key-unknown'
  | 'sealed-not-authentic'
  | 'certificate-input-invalid'
  | 'certificate-authority-invalid'
  | 'password-hash-malformed'
  | 'password-hasher-busy';

const MESSAGES: Readonly<Record<CryptoErrorCode, string>> = {
  'sealing-keys-invalid': 'the sealing keys are not of the form "id:base64,id:base64" with 32 byte keys',
  'sealed-malformed': 'the text is not a sealed value',
  'sealing-key-unknown': 'the value was sealed with a key that is not configured',
  'sealed-not-authentic': 'the sealed value was changed, or belongs to something else',
  'certificate-input-invalid': 'the certificate cannot be made from these names, days or key bits',
  'certificate-authority-invalid':
    'this is no certificate authority: an RSA key and its CA certificate in PEM are needed, and they have to match',
  'password-hash-malformed': 'the text is not the hash of a password',
  'password-hasher-busy': 'too many passwords wait to be hashed or checked',
};

/** An error that says what went wrong and nothing about the content: no text, no key, no part of either. */
export class CryptoError extends Error {
  readonly retriable = false;
  readonly logLevel = 'error';

  constructor(readonly code: CryptoErrorCode) {
    super(MESSAGES[code]);
    this.name = 'CryptoError';
  }
}
