import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CryptoError } from './crypto-error.js';
import type { SealingKeys } from './sealing-keys.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^v1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{22})$/;

/**
 * Encrypts a text as `v1.<key id>.<iv>.<ciphertext>.<tag>` (base64url).
 * `aad` says what the value belongs to; it is not part of the result and must be given again to open it, so that a sealed
 * value cannot be moved to another phone or item.
 */
export function seal(keys: SealingKeys, plaintext: string, aad: string): string {
  const { id, encryption } = keys.active;
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, encryption, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(id, aad));
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return ['v1', id, ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

/**
 * Decrypts what `seal` made, with whichever configured key it was sealed.
 * @throws CryptoError `sealed-malformed`, `sealing-key-unknown` or `sealed-not-authentic`
 */
export function open(keys: SealingKeys, sealed: string, aad: string): string {
  const [, id = '', iv = '', ciphertext = '', tag = ''] = SEALED.exec(sealed) ?? [];
  if (id === '') throw new CryptoError('sealed-malformed');
  const key = keys.byId.get(id);
  if (key === undefined) throw new CryptoError('sealing-key-unknown');
  const decipher = createDecipheriv(ALGORITHM, key.encryption, Buffer.from(iv, 'base64url'), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(boundTo(id, aad));
  decipher.setAuthTag(Buffer.from(tag, 'base64url'));
  try {
    return Buffer.concat([decipher.update(Buffer.from(ciphertext, 'base64url')), decipher.final()]).toString('utf8');
  } catch {
    // OpenSSL's own error says no more than this.
    throw new CryptoError('sealed-not-authentic');
  }
}

/** The id of the key a value was sealed with, or undefined: lets a service find what a rotation left behind. */
export function sealedWith(sealed: string): string | undefined {
  return SEALED.exec(sealed)?.[1];
}

function boundTo(keyId: string, aad: string): Buffer {
  return Buffer.from(`v1|${keyId}|${aad}`, 'utf8');
}
