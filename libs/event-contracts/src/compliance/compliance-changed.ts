import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { deviceIdSchema } from '../identity.js';
import { itemRefSchema } from '../items.js';

/** How far a phone follows its policies. */
export const complianceStateSchema = z.enum(['compliant', 'drifted', 'pending', 'failed', 'unmanaged']);
export type ComplianceState = z.output<typeof complianceStateSchema>;

export const complianceChanged = defineEvent({
  type: 'opendls.config-policy.compliance-changed',
  topic: 'config-policy.compliance.v1',
  description: 'The compliance state of a phone, whenever it changes.',
  data: z.object({
    deviceId: deviceIdSchema,
    state: complianceStateSchema,
    openItems: z.array(itemRefSchema).meta({ description: 'Items that differ from what the policies want' }),
    changedAt: z.iso.datetime(),
  }),
  fixtures: {
    minimal: {
      deviceId: '001ae8005301',
      state: 'unmanaged' as const,
      openItems: [],
      changedAt: '2026-01-15T08:00:00.000Z',
    },
    full: {
      deviceId: '001ae8005301',
      state: 'failed' as const,
      openItems: [{ name: 'sntp-addr' }, { name: 'function-key-def', index: 1 }],
      changedAt: '2026-01-15T08:00:00.000Z',
    },
  },
});
