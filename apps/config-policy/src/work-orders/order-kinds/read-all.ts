import { z } from 'zod';
import type { OrderKind } from './order-kind.js';

const schema = z.strictObject({});

/** Reads everything; the values are in the inventory afterwards (PROTOCOL 3.2). */
export const readAll: OrderKind<z.output<typeof schema>> = {
  kind: 'read-all',
  schema,
  plan: async () => ({ ok: true, order: { steps: [{ kind: 'read-all-items' }], parameters: {} } }),
};
