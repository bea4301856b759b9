import { z } from 'zod';
import { itemRefSchema, itemToWriteSchema } from '../items.js';

/** One step of an order: one action of the protocol, which the gateway may have to split over several messages. */
export const stepSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('read-all-items') }),
  z.object({ kind: z.literal('read-items'), items: z.array(itemRefSchema).min(1) }),
  z.object({ kind: z.literal('write-items'), items: z.array(itemToWriteSchema).min(1) }),
  z.object({ kind: z.literal('file-deployment'), items: z.array(itemToWriteSchema).min(1) }),
  z.object({ kind: z.literal('software-deployment'), items: z.array(itemToWriteSchema).min(1) }),
  z.object({ kind: z.literal('restart'), items: z.array(itemToWriteSchema) }),
]);
export type WorkOrderStep = z.output<typeof stepSchema>;
export type StepKind = WorkOrderStep['kind'];

/** Which step of which offering of an order. */
export const stepRefSchema = z.object({
  orderId: z.uuid(),
  attempt: z.int().min(1),
  stepIndex: z.int().min(0),
});
export type StepRef = z.output<typeof stepRefSchema>;
