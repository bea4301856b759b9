import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { deviceIdSchema } from '../identity.js';

/** One request to wake one phone by ContactMe (PROTOCOL 8.1). */
export const contactRequested = defineEvent({
  type: 'opendls.config-policy.contact-requested',
  topic: 'config-policy.contact-request.v1',
  description: 'Work waits for a phone: one gateway asks it, by ContactMe, to open a contact.',
  data: z.object({
    requestId: z.uuid(),
    deviceId: deviceIdSchema,
    contactMeUri: z
      .string()
      .min(1)
      .max(255)
      .meta({ description: '`contact-me-uri` as the phone reported it; nobody has checked it yet' }),
    attempt: z.int().min(1).meta({ description: 'Requests for the same work so far, this one included' }),
    expiresAt: z.iso.datetime().meta({ description: 'Not to be carried out later than this' }),
  }),
  fixtures: {
    minimal: {
      requestId: '5b8f4a52-6a1f-4a0e-8f7b-0d5a4c1b9e33',
      deviceId: '001ae8005301',
      contactMeUri: 'http://192.0.2.31:8085/contact_dls.html/ContactDLS',
      attempt: 1,
      expiresAt: '2026-01-15T08:01:00.000Z',
    },
    full: {
      requestId: '5b8f4a52-6a1f-4a0e-8f7b-0d5a4c1b9e33',
      deviceId: '001ae8005301',
      contactMeUri: 'http://[2001:db8::31]:8085/contact_dls.html/ContactDLS',
      attempt: 3,
      expiresAt: '2026-01-15T08:01:00.000Z',
    },
  },
});
