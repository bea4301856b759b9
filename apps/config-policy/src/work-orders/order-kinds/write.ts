import { z } from 'zod';
import { checkItem, itemInputSchema, MAX_ORDER_ITEMS, type CheckedItem } from './order-items.js';
import type { OrderKind, OrderProblem } from './order-kind.js';

const schema = z.strictObject({ items: z.array(itemInputSchema).min(1).max(MAX_ORDER_ITEMS) });

/** Writes items once (PROTOCOL 4.5). What policies want otherwise they write back. */
export const write: OrderKind<z.output<typeof schema>> = {
  kind: 'write',
  schema,
  plan: async ({ items }, context) => {
    const problems: OrderProblem[] = [];
    const warnings: OrderProblem[] = [];
    const checked = new Map<string, CheckedItem>();
    for (const [position, input] of items.entries()) {
      const path = `items[${position}]`;
      const result = await checkItem(input, path, context);
      problems.push(...result.problems);
      warnings.push(...result.warnings);
      if (result.checked === undefined) continue;
      if (checked.has(result.checked.key)) {
        problems.push({ path, code: 'duplicate-item', message: 'is given twice' });
      }
      checked.set(result.checked.key, result.checked);
    }
    if (problems.length > 0) return { ok: false, problems };
    const all = [...checked.values()];
    return {
      ok: true,
      order: {
        steps: [{ kind: 'write-items', items: all.map(({ item }) => item) }],
        targets: new Map(all.map(({ key, target }) => [key, target])),
        parameters: {},
        warnings,
      },
    };
  },
};
