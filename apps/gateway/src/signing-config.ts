import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { csv } from '@opendls/config';
import { z } from 'zod';
import type { ListenerName } from './phones/tls-options.js';

/** How answers are signed (PROTOCOL 2.4). */
export interface SigningConfig {
  readonly key: KeyObject;
  /** Where answers are signed. */
  readonly listeners: readonly ListenerName[];
}

const LISTENERS = ['default', 'secure', 'legacy'] as const satisfies readonly ListenerName[];
const MIN_KEY_BITS = 1_024; // what the vendor's service had
const MAX_KEY_BITS = 4_096;

/** With less, hardly an item would fit beside the signature. */
export const MIN_SIGNED_MESSAGE_BYTES = 8_192;

export const signingEnvironment = {
  OPENDLS_GATEWAY_SIGNING_KEY: z
    .string()
    .transform((pem, context) => {
      const key = rsaKey(pem);
      if (typeof key !== 'string') return key;
      context.addIssue({ code: 'custom', message: key });
      return z.NEVER;
    })
    .optional(),
  OPENDLS_GATEWAY_SIGNED_LISTENERS: csv()
    .pipe(z.array(z.enum(LISTENERS)))
    .default([...LISTENERS]),
};

type SigningEnvironment = z.output<z.ZodObject<typeof signingEnvironment>>;

export function signingFromEnvironment(env: SigningEnvironment): SigningConfig | null {
  const key = env.OPENDLS_GATEWAY_SIGNING_KEY;
  return key === undefined ? null : { key, listeners: env.OPENDLS_GATEWAY_SIGNED_LISTENERS };
}

/** The key, or what is wrong with it: found at the start, not at the first phone. Never quotes the key. */
function rsaKey(pem: string): KeyObject | string {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return 'must be an RSA private key as PEM, without a passphrase';
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < MIN_KEY_BITS || bits > MAX_KEY_BITS)
    return `must be an RSA key of ${MIN_KEY_BITS} to ${MAX_KEY_BITS} bits`;
  try {
    sign('RSA-SHA1', Buffer.alloc(1), key);
  } catch {
    return 'cannot sign: OpenSSL of this machine refuses RSA with SHA-1';
  }
  return key;
}
