import { hkdfSync, randomBytes } from 'node:crypto';
import { CryptoError } from './crypto-error.js';

/** One configured key, by purpose: every purpose has a subkey of its own, so that no two algorithms share one. */
export interface SealingKey {
  readonly id: string;
  readonly encryption: Buffer;
  readonly fingerprint: Buffer;
  /** Source of further subkeys, see `deriveTokenKeys`. */
  readonly master: Buffer;
}

/** The keys of an installation. New values are sealed with `active`, values of every key can be opened. */
export interface SealingKeys {
  readonly active: SealingKey;
  readonly byId: ReadonlyMap<string, SealingKey>;
}

const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;
const KEY_BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/**
 * Reads `id:base64,id:base64`; the first key is the active one. To rotate, put a new key in front, and take the old one
 * away when nothing sealed with it is left.
 * @throws CryptoError `sealing-keys-invalid`
 */
export function parseSealingKeys(text: string): SealingKeys {
  const keys = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseKey);
  const byId = new Map(keys.map((key) => [key.id, key]));
  const [active] = keys;
  if (active === undefined || byId.size !== keys.length) throw new CryptoError('sealing-keys-invalid');
  return { active, byId };
}

/** A new random key in the form `parseSealingKeys` reads, `id:base64`. */
export function generateSealingKey(id: string): string {
  if (!KEY_ID.test(id)) throw new CryptoError('sealing-keys-invalid');
  return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`;
}

/** A subkey for one purpose; `context` separates the purposes. */
export function deriveKey(master: Uint8Array, context: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, new Uint8Array(0), `opendls/${context}`, KEY_BYTES));
}

function parseKey(text: string): SealingKey {
  const separator = text.indexOf(':');
  const id = text.slice(0, separator);
  const encoded = text.slice(separator + 1);
  if (!KEY_ID.test(id) || !KEY_BASE64.test(encoded)) throw new CryptoError('sealing-keys-invalid');
  const master = Buffer.from(encoded, 'base64');
  if (master.length !== KEY_BYTES) throw new CryptoError('sealing-keys-invalid');
  return { id, master, encryption: deriveKey(master, 'seal/v1'), fingerprint: deriveKey(master, 'fingerprint/v1') };
}
