import { z } from 'zod';
import { certificate } from './certificate.js';
import { file } from './file.js';
import { firmware } from './firmware.js';
import type { OrderContext, OrderKind, PlanResult } from './order-kind.js';
import { readAll } from './read-all.js';
import { read } from './read.js';
import { factoryReset, restart } from './restart.js';
import { write } from './write.js';

/** A kind of which only the name and the form are known. */
interface AnyOrderKind {
  readonly kind: OrderKind['kind'];
  readonly schema: z.ZodType;
  /** Reads the parameters and plans. @throws nothing for bad input: zod's issues are in the result */
  plan(input: unknown, context: OrderContext): Promise<PlanResult>;
}

function anyKind<Params>(orderKind: OrderKind<Params>): AnyOrderKind {
  const { kind, schema } = orderKind;
  return {
    kind,
    schema,
    plan: async (input, context) => {
      const parsed = schema.safeParse(input);
      if (parsed.success) return orderKind.plan(parsed.data, context);
      return { ok: false, problems: parsed.error.issues.slice(0, 50).map(issueProblem) };
    },
  };
}

/** What can be ordered for a single phone. */
export const ORDER_KINDS: readonly AnyOrderKind[] = [
  anyKind(readAll),
  anyKind(read),
  anyKind(write),
  anyKind(restart),
  anyKind(factoryReset),
  anyKind(file),
  anyKind(firmware),
  anyKind(certificate),
];

/** The body of a request, for the API's description: one form per kind. */
export const orderRequestSchema = z.union(
  ORDER_KINDS.map(({ kind, schema }) =>
    z
      .object({
        kind: z.literal(kind),
        contact: z.boolean().optional().describe('Wake the phone now instead of after the contact gap'),
      })
      .and(schema),
  ),
);

function issueProblem({ path, code, message }: z.core.$ZodIssue): { path: string; code: string; message: string } {
  const text = path.reduce<string>(
    (sum, part) =>
      typeof part === 'number' ? `${sum}[${part}]` : sum === '' ? String(part) : `${sum}.${String(part)}`,
    '',
  );
  return { path: text, code: code === 'unrecognized_keys' ? 'unknown-field' : 'invalid-field', message };
}
