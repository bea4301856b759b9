import { itemKey } from '@opendls/item-catalog';
import { z } from 'zod';
import { itemRefSchema, MAX_ORDER_ITEMS } from './order-items.js';
import type { OrderKind } from './order-kind.js';

const schema = z.strictObject({ items: z.array(itemRefSchema).min(1).max(MAX_ORDER_ITEMS) });

/** Reads single items (PROTOCOL 4.4); the values are kept with the order. */
export const read: OrderKind<z.output<typeof schema>> = {
  kind: 'read',
  schema,
  plan: async ({ items }) => {
    const refs = new Map(
      items.map(({ name, index }) => [itemKey(name, index), index === undefined ? { name } : { name, index }]),
    );
    return { ok: true, order: { steps: [{ kind: 'read-items', items: [...refs.values()] }], parameters: {} } };
  },
};
