import { workOrderKindSchema, type WorkOrderStep } from '@opendls/event-contracts';
import { z } from 'zod';
import { ORDER_ORIGINS, WORK_ORDER_STATES, type StepResult, type WorkOrder } from './domain/work-order.js';

const itemRef = { name: z.string(), index: z.int().optional() };
const instant = z.iso.datetime();

export const orderSchema = z.object({
  orderId: z.uuid(),
  kind: workOrderKindSchema,
  origin: z
    .enum(ORDER_ORIGINS)
    .describe('`policy`; `request`: somebody ordered it; `system`: secure mode, mobile users'),
  state: z
    .enum(WORK_ORDER_STATES)
    .describe('`verifying`: all was sent, what became of it shows later, such as at the next start-up'),
  requestedBy: z.string().nullable().describe('Id of the API key'),
  parameters: z.record(z.string(), z.unknown()).describe('What was ordered, without secrets'),
  contact: z.boolean().describe('Whether the phone was to be woken at once'),
  attempt: z.int().describe('How often it was offered'),
  failedAttempts: z.int(),
  lastAttemptEnd: z.string().nullable().describe('Why the last attempt did not finish'),
  failureCode: z.string().nullable(),
  contactId: z.string().nullable(),
  createdAt: instant,
  offeredAt: instant.nullable(),
  expiresAt: instant.nullable(),
  closedAt: instant.nullable(),
  answers: z
    .array(
      z.object({
        ...itemRef,
        value: z.string().optional(),
        secret: z.literal(true).optional(),
        status: z.string().optional().describe('Item status of the phone, such as `unknown item`'),
      }),
    )
    .describe('What the phone answered: values of items that were read, results of deployments. Secrets have no value'),
  steps: z.array(
    z.object({
      kind: z.string(),
      items: z.array(
        z.object({
          ...itemRef,
          value: z.string().optional(),
          secret: z.literal(true).optional(),
          file: z.string().optional().describe('Name of a file of the store'),
          policy: z.string().optional(),
          revision: z.int().optional(),
        }),
      ),
      results: z.array(
        z.object({
          attempt: z.int(),
          part: z.int(),
          outcome: z.string(),
          at: instant,
          refusedItems: z.array(z.object({ ...itemRef, status: z.string() })),
        }),
      ),
    }),
  ),
});
export type OrderResponse = z.output<typeof orderSchema>;

export const createdOrderSchema = orderSchema.extend({
  warnings: z
    .array(z.object({ path: z.string(), code: z.string(), message: z.string(), allowed: z.string().optional() }))
    .describe('What is doubtful, such as an item that is not in the catalogue'),
});
export type CreatedOrderResponse = z.output<typeof createdOrderSchema>;

export function toOrder(order: WorkOrder): OrderResponse {
  const { orderId, kind, origin, state, requestedBy, parameters, wantsContactNow: contact } = order;
  const { attempt, failedAttempts, lastAttemptEnd, failureCode, contactId, answers } = order;
  return {
    ...{ orderId, kind, origin, state, requestedBy, parameters, contact },
    ...{ attempt, failedAttempts, lastAttemptEnd, failureCode, contactId },
    createdAt: order.createdAt.toISOString(),
    offeredAt: order.offeredAt?.toISOString() ?? null,
    expiresAt: order.expiresAt?.toISOString() ?? null,
    closedAt: order.closedAt?.toISOString() ?? null,
    answers: answers.map(({ name, index, value, secret, status }) => ({ name, index, value, secret, status })),
    steps: order.steps.map((step, stepIndex) => ({
      kind: step.kind,
      items: itemsOf(step).map((item) => ({ ...item, ...provenance(order, item) })),
      results: order.results.filter((result) => result.stepIndex === stepIndex).map(toResult),
    })),
  };
}

type StepItem = OrderResponse['steps'][number]['items'][number];

function itemsOf(step: WorkOrderStep): StepItem[] {
  if (!('items' in step)) return [];
  return step.items.map((item) => {
    const { name, index } = item;
    const ref = index === undefined ? { name } : { name, index };
    if ('sealed' in item) return { ...ref, secret: true };
    if ('file' in item) return { ...ref, file: item.file.fileName };
    // A URL may carry a password or a token; what was ordered is among the parameters without it.
    if (name === 'file-https-base-url') return ref;
    return 'value' in item ? { ...ref, value: item.value } : ref;
  });
}

function provenance(order: WorkOrder, { name, index }: StepItem): Partial<StepItem> {
  const target = order.targets.get(index === undefined ? name : `${name}[${index}]`);
  return target === undefined || order.origin !== 'policy' ? {} : { policy: target.policy, revision: target.revision };
}

function toResult({
  attempt,
  part,
  outcome,
  at,
  refusedItems,
}: StepResult): OrderResponse['steps'][number]['results'][number] {
  return { attempt, part, outcome, at, refusedItems: [...refusedItems] };
}
