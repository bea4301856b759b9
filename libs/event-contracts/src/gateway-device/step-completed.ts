import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { itemRefSchema, refusedItemSchema } from '../items.js';
import { stepRefSchema } from '../work-order/step.schema.js';
import { contactRefSchema } from './contact.schema.js';

/**
 * A phone's answer to one message of one step. A step that needs several messages (a large `WriteItems`, M p.71) gives one
 * event per message; `isStepFinished` marks the last.
 */
export const stepCompleted = defineEvent({
  type: 'opendls.gateway.step-completed',
  topic: 'gateway.device.v1',
  description: 'What a phone answered to one message of a work order step.',
  data: contactRefSchema.extend(stepRefSchema.shape).extend({
    kind: z.enum(['read-all-items', 'read-items', 'write-items', 'file-deployment', 'software-deployment', 'restart']),
    part: z.int().min(0).meta({ description: 'Message of the step, from 0' }),
    outcome: z
      .enum(['accepted', 'failed', 'busy', 'sent'])
      .meta({ description: '`sent`: the phone gives no answer to this action (restart, software deployment)' }),
    isStepFinished: z.boolean(),
    isOrderFinished: z.boolean(),
    writtenItems: z.array(itemRefSchema).nullable().meta({
      description:
        'Items stored by this message; null when the gateway does not hold the order: all of the part but the refused',
    }),
    refusedItems: z.array(refusedItemSchema),
    awaitingWork: z
      .boolean()
      .meta({ description: 'A gateway (header `replyto`) waits for the rest of this order, another, or `no-work`' }),
  }),
  fixtures: {
    minimal: {
      contactId: 'c2f0b8a4d9e14a7f',
      deviceId: '001ae8005301',
      orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22',
      attempt: 1,
      stepIndex: 0,
      kind: 'read-all-items' as const,
      part: 0,
      outcome: 'accepted' as const,
      isStepFinished: true,
      isOrderFinished: true,
      writtenItems: null,
      refusedItems: [],
      awaitingWork: true,
    },
    full: {
      contactId: 'c2f0b8a4d9e14a7f',
      deviceId: '001ae8005301',
      orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22',
      attempt: 2,
      stepIndex: 0,
      kind: 'write-items' as const,
      part: 1,
      outcome: 'accepted' as const,
      isStepFinished: true,
      isOrderFinished: true,
      writtenItems: [{ name: 'sntp-addr' }, { name: 'function-key-def', index: 3 }],
      refusedItems: [{ name: 'device-type', status: 'read only' }],
      awaitingWork: true,
    },
  },
});
