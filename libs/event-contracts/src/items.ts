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
  status: z.string().optional().meta({ description: 'Item status of the phone, e.g. `failed`' }),
});
export type ReportedItem = z.output<typeof reportedItemSchema>;

/** An item to be written: `value` in clear, or `sealed` where it is secret. */
export const itemToWriteSchema = z.union([
  z.object({ name: itemName, index: itemIndex, value: z.string() }),
  z.object({ name: itemName, index: itemIndex, sealed: sealedValueSchema }),
]);
export type ItemToWrite = z.output<typeof itemToWriteSchema>;

/** An item the phone refused to write, with the item status it gave (PROTOCOL: item status values). */
export const refusedItemSchema = z.object({ name: itemName, index: itemIndex, status: z.string() });
export type RefusedItem = z.output<typeof refusedItemSchema>;
