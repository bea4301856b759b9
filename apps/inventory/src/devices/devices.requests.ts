import { createHash } from 'node:crypto';
import { contactReasonSchema, deviceIdSchema } from '@opendls/event-contracts';
import { pageQuerySchema } from '@opendls/http';
import { z } from 'zod';
import type { DeviceFilter } from './device-list.store.js';
import { macPrefixFromText } from './domain/device-id-text.js';
import { SORT_TEXTS, type Sort } from './domain/device-sort.js';
import { searchWords } from './domain/search-text.js';
import { likeGlob, likePrefixOrGlob } from './domain/text-pattern.js';

const text = z.string().min(1).max(100);
const instant = z.iso.datetime({ offset: true });

/** The query of the list of phones. Unknown parameters are refused: a misspelt filter must not list everything. */
export const listDevicesSchema = z.strictObject({
  ...pageQuerySchema.shape,
  sort: z.enum(SORT_TEXTS).default('deviceId').describe('Order of the list; with `-` descending'),
  deviceType: text
    .optional()
    .meta({ description: 'Model, in any case; `*` and `?` as wildcards', example: 'OpenStage *' }),
  softwareVersion: text.optional().meta({ description: 'Version; `*` and `?` as wildcards', example: 'V3 R4.*' }),
  e164: text
    .optional()
    .meta({ description: 'Beginning of the number, or a pattern with `*` and `?`', example: '49891' }),
  macAddress: text
    .refine((value) => macPrefixFromText(value) !== undefined, 'must be the beginning of a MAC address')
    .optional()
    .meta({ description: 'Beginning of the MAC address, with or without separators', example: '00:1A:E8' }),
  lastSeenAfter: instant
    .optional()
    .meta({ description: 'Seen at this time or later', example: '2026-01-15T00:00:00Z' }),
  lastSeenBefore: instant.optional().meta({ description: 'Not seen since this time', example: '2026-02-01T00:00:00Z' }),
  lastReason: contactReasonSchema.optional().meta({ description: 'Why the phone came last' }),
  q: text.optional().meta({
    description:
      'Words that all have to occur in the id, MAC or IP address, model, version, number, URI or part number',
    example: 'openstage 192.0.2.',
  }),
});
export type ListDevicesQuery = z.output<typeof listDevicesSchema>;

/** The query of the list of items. */
export const listItemsSchema = z.strictObject({
  ...pageQuerySchema.shape,
  name: text.optional().meta({ description: 'Beginning of the name, or a pattern with `*` and `?`', example: 'sip-' }),
});

/** The query of the list of contacts. */
export const listContactsSchema = z.strictObject(pageQuerySchema.shape);

/** What a filter of the list means to the store. */
export function filterOf(query: ListDevicesQuery): DeviceFilter {
  const { deviceType, softwareVersion, e164, macAddress, lastSeenAfter, lastSeenBefore, lastReason, q } = query;
  return {
    deviceTypePattern: deviceType && likeGlob(deviceType),
    softwareVersionPattern: softwareVersion && likeGlob(softwareVersion),
    e164Pattern: e164 && likePrefixOrGlob(e164),
    deviceIdPrefix: macAddress && macPrefixFromText(macAddress),
    lastSeenFrom: lastSeenAfter === undefined ? undefined : new Date(lastSeenAfter),
    lastSeenBefore: lastSeenBefore === undefined ? undefined : new Date(lastSeenBefore),
    lastReason,
    words: q === undefined ? undefined : searchWords(q),
  };
}

/** The position in a list of phones, valid only for the list it was made for. */
export function devicePositionSchema(
  list: string,
  sort: Sort,
): z.ZodType<{ list: string; sortKey: string; deviceId: string }> {
  return z.object({
    list: z.literal(list),
    sortKey: sort.field === 'lastSeenAt' ? z.iso.datetime() : z.string().max(1_000),
    deviceId: deviceIdSchema,
  });
}

/** Short and the same for the same list: a cursor of one list is refused by another. */
export function listDigest(path: string, query: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(query)
    .filter(([name]) => name !== 'limit' && name !== 'cursor')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([path, parts]))
    .digest('base64url')
    .slice(0, 12);
}
