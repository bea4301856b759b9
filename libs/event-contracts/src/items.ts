import { z } from 'zod';
import { sealedValueSchema } from './sealed.js';

const itemName = z.string().min(1).max(128).meta({ description: 'Item name, case-sensitive' });
const itemIndex = z
  .int()
  .min(0)
  .optional()
  .meta({ description: 'Instance of an indexed item; 0 is not the same as none' });

/** Which item is meant. */
export const itemRefSchema = z.object({ name: itemName, index: itemIndex });
export type ItemRef = z.output<typeof itemRefSchema>;

/** An item as a phone reported it. The value of a secret item is never in an event: `secret` says that there was one. */
export const reportedItemSchema = z.object({
  name: itemName,
  index: itemIndex,
  value: z
    .string()
    .optional()
    .meta({ description: 'Absent when secret, or when the phone could not read it (status)' }),
  secret: z.literal(true).optional(),
  sealed: sealedValueSchema.optional().meta({
    description: 'Besides `secret`: the value, for its only receiver; user data of mobile users (`userdata-*`)',
  }),
  status: z.string().optional().meta({ description: 'Item status of the phone, e.g. `failed`' }),
});
export type ReportedItem = z.output<typeof reportedItemSchema>;

/** A file of the store. The gateway makes a short-lived signed URL of it when it sends the item. */
export const fileRefSchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  fileName: z.string().min(1).max(128),
  sizeBytes: z.int().min(1),
});
export type FileRef = z.output<typeof fileRefSchema>;

/**
 * An item to be written: `value` in clear, `sealed` where it is secret, or `file` where it is the URL of a file of the
 * store. `itemStatus` is written as the item's `status` attribute (the vendor's service sends `secure`, PROTOCOL 4.12).
 */
export const itemToWriteSchema = z.union([
  z.object({ name: itemName, index: itemIndex, value: z.string(), itemStatus: z.literal('secure').optional() }),
  z.object({ name: itemName, index: itemIndex, file: fileRefSchema }),
  z.object({ name: itemName, index: itemIndex, sealed: sealedValueSchema }),
]);
export type ItemToWrite = z.output<typeof itemToWriteSchema>;

/** An item the phone refused to write, with the item status it gave (PROTOCOL: item status values). */
export const refusedItemSchema = z.object({ name: itemName, index: itemIndex, status: z.string() });
export type RefusedItem = z.output<typeof refusedItemSchema>;
