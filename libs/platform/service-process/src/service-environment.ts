import { csv, logLevel } from '@opendls/config';
import { CryptoError, parseSealingKeys, type SealingKeys } from '@opendls/crypto/sealing';
import { z } from 'zod';

const NAME_CHARACTERS = 'must consist of letters, digits, ".", "_" and "-"';

/** The variables every service reads. */
export const serviceEnvironment = z.object({
  OPENDLS_LOG_LEVEL: logLevel().default('info'),
  OPENDLS_KAFKA_BROKERS: csv(),
  OPENDLS_TOPIC_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,100}$/, NAME_CHARACTERS)
    .default(''),
  OPENDLS_API_KEYS_FILE: z.string(),
});

/** The address of a PostgreSQL database. */
export function databaseUrl(): z.ZodType<string, string> {
  return z
    .string()
    .refine((text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text), 'must be a postgres:// URL');
}

/** The name of one process among its replicas. */
export function instanceId(): z.ZodType<string, string> {
  return z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, NAME_CHARACTERS);
}

/** Keys that seal secrets, the active one first. */
export function sealingKeys(): z.ZodType<SealingKeys, string> {
  return z.string().transform((text, context): SealingKeys => {
    try {
      return parseSealingKeys(text);
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      context.addIssue({ code: 'custom', message: 'must be sealing keys, id:base64 joined by commas' });
      return z.NEVER;
    }
  });
}
