import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { deviceIdSchema } from '../identity.js';

/** What became of a ContactMe. `accepted` is the phone's 204: it comes when it sees fit, or not at all (PROTOCOL 8.1). */
export const contactAttemptOutcomeSchema = z.enum([
  'accepted',
  'unexpected-status',
  'unreachable',
  'timeout',
  'not-allowed',
  'too-soon',
  'expired',
]);
export type ContactAttemptOutcome = z.output<typeof contactAttemptOutcomeSchema>;

export const contactAttempted = defineEvent({
  type: 'opendls.gateway.contact-attempted',
  topic: 'gateway.device.v1',
  description: 'A gateway asked a phone to open a contact (ContactMe), or had a reason not to.',
  data: z.object({
    deviceId: deviceIdSchema,
    requestId: z.uuid(),
    outcome: contactAttemptOutcomeSchema,
    status: z.int().min(100).max(599).nullable().meta({ description: 'HTTP status the phone answered with' }),
    code: z
      .string()
      .nullable()
      .meta({ description: 'Why it was not possible or not allowed', examples: ['address-not-allowed'] }),
    address: z.string().nullable().meta({ description: 'IP address that was asked' }),
    durationMs: z.number().min(0).nullable(),
  }),
  fixtures: {
    minimal: {
      deviceId: '001ae8005301',
      requestId: '5b8f4a52-6a1f-4a0e-8f7b-0d5a4c1b9e33',
      outcome: 'not-allowed' as const,
      status: null,
      code: 'address-not-allowed',
      address: null,
      durationMs: null,
    },
    full: {
      deviceId: '001ae8005301',
      requestId: '5b8f4a52-6a1f-4a0e-8f7b-0d5a4c1b9e33',
      outcome: 'accepted' as const,
      status: 204,
      code: null,
      address: '192.0.2.31',
      durationMs: 12.5,
    },
  },
});
