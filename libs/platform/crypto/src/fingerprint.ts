import { createHmac } from 'node:crypto';
import { equalInConstantTime } from './constant-time.js';
import type { SealingKey, SealingKeys } from './sealing-keys.js';

const FINGERPRINT = /^v1\.([A-Za-z0-9_-]{1,32})\.[A-Za-z0-9_-]{43}$/;

/**
 * A keyed hash of a secret, `v1.<key id>.<mac>`: lets a service notice that a secret changed without keeping it. Without
 * the key a four digit PIN cannot be guessed from it. The same text gives different fingerprints in different contexts
 * (such as `deviceId|itemKey`), so equal secrets of two phones are not visible.
 */
export function fingerprint(keys: SealingKeys, text: string, context: string): string {
  return compute(keys.active, text, context);
}

/** Whether a fingerprint, also one made with an older key, is that of `text`. Unknown keys and malformed text: false. */
export function matchesFingerprint(keys: SealingKeys, stored: string, text: string, context: string): boolean {
  const key = keys.byId.get(FINGERPRINT.exec(stored)?.[1] ?? '');
  return key !== undefined && equalInConstantTime(stored, compute(key, text, context));
}

function compute(key: SealingKey, text: string, context: string): string {
  // The length in front keeps ("a", "bc") and ("ab", "c") apart.
  const hmac = createHmac('sha256', key.fingerprint)
    .update(`${Buffer.byteLength(context)}|${context}|`)
    .update(text);
  return `v1.${key.id}.${hmac.digest('base64url')}`;
}
