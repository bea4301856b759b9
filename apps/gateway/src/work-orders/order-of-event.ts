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
  const { name, index } = item;
  const identity = index === undefined ? { name } : { name, index };
  if ('sealed' in item) return { ...identity, value: item.sealed, isSealed: true };
  // The URL is made when the message is: it is good for a while and for this phone only.
  if ('file' in item) return { ...identity, value: '', file: item.file };
  return { ...identity, value: item.value, ...(item.itemStatus === undefined ? {} : { itemStatus: item.itemStatus }) };
}
