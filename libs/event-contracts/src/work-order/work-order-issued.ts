import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { contactRefSchema } from '../gateway-device/contact.schema.js';
import { stepSchema } from './step.schema.js';

/** What an order is for. */
export const workOrderKindSchema = z.enum([
  // by policy
  'read-all',
  'configure',
  // one-off jobs, besides `read-all`
  'read',
  'write',
  'restart',
  'factory-reset',
  'file',
  'firmware',
  'certificate',
  // security
  'secure-mode',
  'certificate-renewal',
  // mobile users
  'mobility-logon',
  'mobility-logoff',
  'user-data-restore',
  'user-data-save',
]);
export type WorkOrderKind = z.output<typeof workOrderKindSchema>;

export const workOrderIssued = defineEvent({
  type: 'opendls.config-policy.work-order-issued',
  topic: 'config-policy.work-order.v1',
  description: 'Work for one contact of one phone. Secret values are sealed.',
  data: contactRefSchema.extend({
    inReplyTo: z.string().min(1).meta({ description: '`ce_id` of the event that asked for work' }),
    orderId: z.uuid(),
    kind: workOrderKindSchema,
    attempt: z.int().min(1),
    steps: z.array(stepSchema).min(1).meta({ description: 'All steps of the order, also the finished ones' }),
    fromStep: z.int().min(0).meta({ description: 'First step that is not finished' }),
    fromPart: z.int().min(0).meta({ description: 'First message of that step that is not answered' }),
    moreOrdersWaiting: z.boolean(),
  }),
  fixtures: {
    minimal: {
      contactId: 'c2f0b8a4d9e14a7f',
      deviceId: '001ae8005301',
      inReplyTo: '0d4fdd1e-9f0c-4f67-a7a0-2b8d1c9a6d11',
      orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22',
      kind: 'read-all' as const,
      attempt: 1,
      steps: [{ kind: 'read-all-items' as const }],
      fromStep: 0,
      fromPart: 0,
      moreOrdersWaiting: false,
    },
    full: {
      contactId: 'c2f0b8a4d9e14a7f',
      deviceId: '001ae8005301',
      inReplyTo: '0d4fdd1e-9f0c-4f67-a7a0-2b8d1c9a6d11',
      orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22',
      kind: 'configure' as const,
      attempt: 2,
      steps: [
        {
          kind: 'write-items' as const,
          items: [
            { name: 'sntp-addr', value: 'ntp.example.org' },
            { name: 'function-key-def', index: 1, value: '1' },
            { name: 'sip-pwd', sealed: 'v1.k1.AAAAAAAAAAAAAAAA.AAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA' },
          ],
        },
        { kind: 'read-items' as const, items: [{ name: 'sntp-addr' }] },
        { kind: 'file-deployment' as const, items: [{ name: 'file-type', index: 1, value: 'LOGO' }] },
        { kind: 'software-deployment' as const, items: [{ name: 'file-type', value: 'APP' }] },
        { kind: 'restart' as const, items: [] },
      ],
      fromStep: 0,
      fromPart: 1,
      moreOrdersWaiting: true,
    },
  },
});
