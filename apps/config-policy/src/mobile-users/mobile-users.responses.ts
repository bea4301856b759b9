import { z } from 'zod';
import type { MobileUserView } from './mobile-users.service.js';

const instant = z.iso.datetime();

export const mobileUserSchema = z.object({
  e164: z.string(),
  displayName: z.string().nullable(),
  enabled: z.boolean(),
  revision: z.int().describe('Grows with every change; also the ETag'),
  items: z.array(
    z.object({
      name: z.string(),
      index: z.int().optional(),
      value: z.string().optional().describe('Absent for secrets'),
      secret: z.literal(true).optional().describe('The value is stored; sent back like this, it stays'),
      secretRef: z.string().optional(),
    }),
  ),
  loggedOn: z
    .object({ deviceId: z.string(), at: instant, logoffRequested: z.boolean() })
    .nullable()
    .describe('The phone the user is logged on at'),
  lockedUntil: instant.nullable().describe('After too many wrong passwords nobody logs on as this user before'),
  userData: z
    .array(z.object({ name: z.string(), chunks: z.int(), sizeCharacters: z.int(), updatedAt: instant }))
    .describe('What phones handed over at logoff; the content is never shown'),
  updatedAt: instant,
  updatedBy: z.string().describe('Id of the API key'),
});
export type MobileUserResponse = z.output<typeof mobileUserSchema>;

export function toMobileUser({ user, userData }: MobileUserView): MobileUserResponse {
  const { e164, displayName, isEnabled: enabled, revision, updatedBy, loggedOnDeviceId, loggedOnAt } = user;
  return {
    ...{ e164, displayName, enabled, revision, updatedBy },
    items: user.profile.map((item) => {
      const ref = item.index === undefined ? { name: item.name } : { name: item.name, index: item.index };
      if ('value' in item) return { ...ref, value: item.value };
      return 'secretRef' in item ? { ...ref, secretRef: item.secretRef } : { ...ref, secret: true as const };
    }),
    loggedOn:
      loggedOnDeviceId === null || loggedOnAt === null
        ? null
        : { deviceId: loggedOnDeviceId, at: loggedOnAt.toISOString(), logoffRequested: user.isLogoffRequested },
    lockedUntil: user.lockedUntil?.toISOString() ?? null,
    userData: userData.map(({ name, chunks, sizeCharacters, updatedAt }) => ({
      ...{ name, chunks, sizeCharacters },
      updatedAt: updatedAt.toISOString(),
    })),
    updatedAt: user.updatedAt.toISOString(),
  };
}
