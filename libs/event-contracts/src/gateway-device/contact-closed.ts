import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { contactRefSchema } from './contact.schema.js';

/** How a contact ended. */
export const contactOutcomeSchema = z.enum([
  'completed',
  'no-work',
  'deadline',
  'busy',
  'phone-clean-up',
  'step-failed',
  'expired',
  'loop-guard',
  'replaced',
  'restarting',
]);
export type ContactOutcome = z.output<typeof contactOutcomeSchema>;

export const contactClosed = defineEvent({
  type: 'opendls.gateway.contact-closed',
  topic: 'gateway.device.v1',
  description: 'A contact ended: normally, because the phone gave up, or because it did not go on in time.',
  data: contactRefSchema.extend({
    outcome: contactOutcomeSchema,
    cleanupReason: z
      .string()
      .nullable()
      .meta({ description: '`cleanup-reason` the phone gave, when it ended the contact' }),
    isSolicitedRequested: z
      .boolean()
      .meta({ description: 'The phone was told to come back once idle (`send-solicited`)' }),
    exchanges: z.int().min(0).meta({ description: 'Messages of the phone in this contact' }),
    durationMs: z.number().min(0).nullable().meta({ description: 'null when another gateway opened the contact' }),
  }),
  fixtures: {
    minimal: {
      contactId: 'c2f0b8a4d9e14a7f',
      deviceId: '001ae8005301',
      outcome: 'no-work' as const,
      cleanupReason: null,
      isSolicitedRequested: false,
      exchanges: 1,
      durationMs: null,
    },
    full: {
      contactId: 'c2f0b8a4d9e14a7f',
      deviceId: '001ae8005301',
      outcome: 'phone-clean-up' as const,
      cleanupReason: 'password retries exceeded',
      isSolicitedRequested: true,
      exchanges: 4,
      durationMs: 812.5,
    },
  },
});
