import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { deviceIdSchema } from '../identity.js';

/** What every gateway keeps in memory of a phone. */
export const deviceDirectiveSchema = z.object({
  deviceId: deviceIdSchema,
  isWorkPending: z.boolean().meta({ description: 'A DCMP poll of the phone is answered 202 (PROTOCOL 8.2)' }),
  requiresSecureMode: z.boolean().meta({
    description:
      'The phone has been seen in Secure Mode: it is refused on the listeners without client certificates (7.2)',
  }),
  revokedCertificates: z
    .array(z.string().regex(/^[0-9a-f]{1,64}$/))
    .meta({
      description: 'Serial numbers, lower-case hex, of certificates of this phone that are not accepted any more',
    }),
});
export type DeviceDirective = z.output<typeof deviceDirectiveSchema>;

export const deviceDirectiveChanged = defineEvent({
  type: 'opendls.config-policy.device-directive-changed',
  topic: 'config-policy.device-directive.v1',
  description: 'What gateways have to know of a phone before it calls. A phone without one: no work, Default Mode.',
  data: deviceDirectiveSchema,
  fixtures: {
    minimal: { deviceId: '001ae8005301', isWorkPending: false, requiresSecureMode: false, revokedCertificates: [] },
    full: {
      deviceId: '001ae8005301',
      isWorkPending: true,
      requiresSecureMode: true,
      revokedCertificates: ['4f2a90c1d3e84b57a6'],
    },
  },
});
