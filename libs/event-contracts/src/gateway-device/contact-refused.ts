import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { deviceIdSchema } from '../identity.js';
import { connectionSchema } from './contact.schema.js';

/** Key and subject are the device id where one is known, else `id-unidentified`. */
export const UNIDENTIFIED_DEVICE = 'id-unidentified';

export const contactRefused = defineEvent({
  type: 'opendls.gateway.contact-refused',
  topic: 'gateway.device.v1',
  description:
    'A message was refused: not the protocol, no usable identity, or against a rule. Published at a limited rate.',
  data: z.object({
    deviceId: deviceIdSchema.nullable(),
    code: z
      .string()
      .min(1)
      .meta({ description: 'Stable reason code', examples: ['invalid-identity'] }),
    detail: z.string(),
    connection: connectionSchema,
  }),
  fixtures: {
    minimal: {
      deviceId: null,
      code: 'invalid-identity',
      detail: '',
      connection: { remoteAddress: '192.0.2.66', listener: 'default' as const, tlsVersion: null, tlsCipher: null },
    },
    full: {
      deviceId: '001ae8005301',
      code: 'missing-nonce',
      detail: 'Message has no nonce attribute',
      connection: {
        remoteAddress: '192.0.2.66',
        listener: 'legacy' as const,
        tlsVersion: 'TLSv1',
        tlsCipher: 'AES128-SHA',
      },
    },
  },
});
