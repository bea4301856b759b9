import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { contactRefSchema } from '../gateway-device/contact.schema.js';

const fixture = {
  contactId: 'c2f0b8a4d9e14a7f',
  deviceId: '001ae8005301',
  inReplyTo: '0d4fdd1e-9f0c-4f67-a7a0-2b8d1c9a6d11',
  moreOrdersWaiting: false,
};

export const noWork = defineEvent({
  type: 'opendls.config-policy.no-work',
  topic: 'config-policy.work-order.v1',
  description: 'There is nothing (more) to do in this contact.',
  data: contactRefSchema.extend({
    inReplyTo: z.string().min(1).meta({ description: '`ce_id` of the event that asked for work' }),
    moreOrdersWaiting: z
      .boolean()
      .meta({ description: 'Work remains that this contact cannot do (the phone was busy)' }),
  }),
  fixtures: { minimal: fixture, full: { ...fixture, moreOrdersWaiting: true } },
});
