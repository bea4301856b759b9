import { createHmac } from 'node:crypto';
import { equalInConstantTime } from './constant-time.js';
import { deriveKey, type SealingKeys } from './sealing-keys.js';

/** Keys that sign tokens: the first signs, all verify. */
export interface TokenKeys {
  readonly active: { readonly id: string; readonly key: Buffer };
  readonly byId: ReadonlyMap<string, Buffer>;
}

const MAX_TOKEN_LENGTH = 4_096;
const TOKEN = /^([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{43})$/;

/** Token keys of one purpose (such as `gateway-cookie`) from the sealing keys; they rotate together with them. */
export function deriveTokenKeys(keys: SealingKeys, purpose: string): TokenKeys {
  const byId = new Map([...keys.byId.values()].map(({ id, master }) => [id, deriveKey(master, `token/${purpose}`)]));
  return { active: { id: keys.active.id, key: deriveKey(keys.active.master, `token/${purpose}`) }, byId };
}

/**
 * Signs a text: `<key id>.<payload>.<mac>`, base64url, thus without `=`, `;`, `,` or blanks, which some phones' cookie
 * handling does not survive. The payload is readable by whoever holds the token.
 */
export function signToken(keys: TokenKeys, payload: string): string {
  const { id, key } = keys.active;
  const signed = `${id}.${Buffer.from(payload, 'utf8').toString('base64url')}`;
  return `${signed}.${mac(key, signed)}`;
}

/** The payload of a token that one of the keys signed; undefined for anything else, never an exception. */
export function verifyToken(keys: TokenKeys, token: string): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const [, id = '', payload = '', given = ''] = TOKEN.exec(token) ?? [];
  const key = keys.byId.get(id);
  if (key === undefined || !equalInConstantTime(given, mac(key, `${id}.${payload}`))) return undefined;
  return Buffer.from(payload, 'base64url').toString('utf8');
}

function mac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
