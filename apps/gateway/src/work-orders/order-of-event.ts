import type { Input, Order, OrderItem, OrderStep } from '@opendls/dls-interaction';
import type { EventDataByType, ItemToWrite, WorkOrderStep } from '@opendls/event-contracts';

/** An answer to the question for work, as the interaction takes it. */
export type Work = Extract<Input, { kind: 'order' | 'no-work' }>;

/** The order of an event; sealed values stay sealed until a message is built of them. */
export function orderOfEvent(data: EventDataByType['opendls.config-policy.work-order-issued']): Work {
  const order: Order = { orderId: data.orderId, attempt: data.attempt, steps: data.steps.map(stepOf) };
  return { kind: 'order', order, fromStep: data.fromStep, fromPart: data.fromPart };
}

function stepOf(step: WorkOrderStep): OrderStep {
  switch (step.kind) {
    case 'read-all-items':
    case 'read-items':
      return step;
    case 'write-items':
    case 'file-deployment':
    case 'software-deployment':
    case 'restart':
      return { kind: step.kind, items: step.items.map(itemOf) };
  }
}

function itemOf(item: ItemToWrite): OrderItem {
  if (!('sealed' in item)) return item;
  const { name, index, sealed } = item;
  return { name, ...(index === undefined ? {} : { index }), value: sealed, isSealed: true };
}
