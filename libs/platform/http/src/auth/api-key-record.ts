import { API_ROLES } from '@opendls/crypto/sealing';
import { z } from 'zod';

/** One key as the key file keeps it: its hash, never the key. */
export const apiKeyRecordSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string().min(1).max(64),
  role: z.enum(API_ROLES),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().optional(),
});

/** The whole key file. */
export const apiKeyFileSchema = z.array(apiKeyRecordSchema).max(10_000);

/** One key as the key file keeps it. */
export type ApiKeyRecord = Readonly<z.output<typeof apiKeyRecordSchema>>;
