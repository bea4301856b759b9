import { z } from 'zod';

/**
 * A value only its receiver can read: AES-256-GCM, `v1.<key id>.<iv>.<ciphertext>.<tag>`, parts in base64url. Made and opened
 * by `@opendls/crypto`; the additional authenticated data is `sealContext(deviceId, itemKey)`, so that a sealed value moved
 * to another phone or item does not open.
 */
export const sealedValueSchema = z
  .string()
  .regex(/^v1\.[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{22}$/)
  .meta({ description: 'Sealed value: AES-256-GCM, v1.<key id>.<iv>.<ciphertext>.<tag>' });

/** The additional authenticated data of a sealed item value. `itemKey` as `@opendls/item-catalog` makes it. */
export function sealContext(deviceId: string, itemKey: string): string {
  return `${deviceId}|${itemKey}`;
}
