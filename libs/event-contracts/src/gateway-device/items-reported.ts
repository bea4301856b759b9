import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { reportedItemSchema } from '../items.js';
import { contactRefSchema } from './contact.schema.js';
import { stepRefSchema } from '../work-order/step.schema.js';

/**
 * Items a phone sent in reply to `ReadAllItems` or `ReadItems`. A fragmented reply (M p.69) is one event per fragment, so
 * that each is safe before the next is asked for; the reply is complete when the fragments 0..n of one (contactId,
 * orderId, stepIndex) are there and n is final.
 */
export const itemsReported = defineEvent({
  type: 'opendls.gateway.items-reported',
  topic: 'gateway.device.v1',
  description: 'Items a phone sent when it was asked to read them; one event per fragment of the reply.',
  data: contactRefSchema.extend(stepRefSchema.shape).extend({
    scope: z.enum(['all', 'some']).meta({ description: '`all`: ReadAllItems, what is not listed does not exist' }),
    fragment: z.int().min(0),
    isFinal: z.boolean(),
    items: z.array(reportedItemSchema),
  }),
  fixtures: {
    minimal: {
      contactId: 'c2f0b8a4d9e14a7f',
      deviceId: '001ae8005301',
      orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22',
      attempt: 1,
      stepIndex: 0,
      scope: 'some' as const,
      fragment: 0,
      isFinal: true,
      items: [],
    },
    full: {
      contactId: 'c2f0b8a4d9e14a7f',
      deviceId: '001ae8005301',
      orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22',
      attempt: 2,
      stepIndex: 1,
      scope: 'all' as const,
      fragment: 3,
      isFinal: false,
      items: [
        { name: 'reg-addr', value: 'sip.example.net' },
        { name: 'feature-availability', index: 0, value: 'true' },
        { name: 'sip-pwd', secret: true as const },
        { name: 'function-key-def', index: 2, status: 'failed' },
      ],
    },
  },
});
