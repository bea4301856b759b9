import { createHash, randomBytes } from 'node:crypto';

/** What a key may do; each role includes the ones before it. */
export type ApiRole = 'viewer' | 'operator' | 'admin';

/** All roles, weakest first. */
export const API_ROLES: readonly ApiRole[] = ['viewer', 'operator', 'admin'];

/** A new key: `text` is shown once, `id` and `hash` are kept. */
export interface GeneratedApiKey {
  readonly id: string;
  readonly text: string;
  readonly hash: string;
}

const LETTERS: Readonly<Record<ApiRole, string>> = { viewer: 'v', operator: 'o', admin: 'a' };
const API_KEY = /^odls_[voa]_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

/** Makes a key `odls_<role letter>_<id>_<secret>` with a random 256 bit secret. The letter only helps people. */
export function generateApiKey(role: ApiRole): GeneratedApiKey {
  const id = randomBytes(6).toString('hex');
  const text = `odls_${LETTERS[role]}_${id}_${randomBytes(32).toString('base64url')}`;
  return { id, text, hash: hashApiKey(text) };
}

/**
 * The hash that is kept instead of the key. Plain SHA-256: slow, salted hashes such as scrypt protect passwords that
 * people chose from a small set; a secret of 256 random bits cannot be guessed at any speed, and the hash is computed
 * on every request.
 */
export function hashApiKey(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The id inside a key, or undefined when the text cannot be a key of ours. */
export function apiKeyId(text: string): string | undefined {
  return API_KEY.exec(text)?.[1];
}
