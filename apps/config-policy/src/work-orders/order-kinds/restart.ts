import { z } from 'zod';
import { openSecretRef, secretRefSchema, secretValueSchema } from './order-items.js';
import type { OrderKind } from './order-kind.js';

const RESTART_TIMEOUT_MS = 15 * 60_000;
/** After a factory reset the phone has to find the service by DHCP (PROTOCOL 4.7), which somebody may have to set up. */
const RESET_TIMEOUT_MS = 24 * 3_600_000;

const restartSchema = z.strictObject({});

/** Restarts the phone; done with its next start-up (PROTOCOL 4.7). */
export const restart: OrderKind<z.output<typeof restartSchema>> = {
  kind: 'restart',
  schema: restartSchema,
  plan: async () => ({
    ok: true,
    order: {
      steps: [{ kind: 'restart', items: [] }],
      verification: { kind: 'start-up', timeoutMs: RESTART_TIMEOUT_MS },
      parameters: {},
    },
  }),
};

const resetSchema = z
  .strictObject({ password: secretValueSchema.min(1).optional(), secretRef: secretRefSchema.optional() })
  .refine((body) => body.password === undefined || body.secretRef === undefined, {
    error: 'takes either password or secretRef',
  });

/** Sets the phone to factory settings. The constant it asks for (PROTOCOL 3.5) is given or configured, never built in. */
export const factoryReset: OrderKind<z.output<typeof resetSchema>> = {
  kind: 'factory-reset',
  schema: resetSchema,
  plan: async ({ password, secretRef }, context) => {
    const opened =
      password === undefined
        ? await openSecretRef(secretRef ?? context.settings.factoryResetSecret, 'secretRef', context)
        : ({ ok: true, value: password } as const);
    if (!opened.ok) return { ok: false, problems: [opened.problem] };
    const sealed = context.seal(opened.value, 'restart-password');
    return {
      ok: true,
      order: {
        steps: [
          {
            kind: 'restart',
            items: [
              { name: 'restart-type', value: 'FactoryReset' },
              { name: 'restart-password', sealed },
            ],
          },
        ],
        verification: { kind: 'start-up', timeoutMs: RESET_TIMEOUT_MS },
        parameters: secretRef === undefined ? {} : { secretRef },
      },
    };
  },
};
