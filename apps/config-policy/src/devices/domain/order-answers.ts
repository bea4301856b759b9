import type { ReportedItem } from '@opendls/event-contracts';
import { isSecretItem, itemKey } from '@opendls/item-catalog';
import type { WorkOrder } from '../../work-orders/domain/work-order.js';
import type { DesiredConfiguration } from './desired-configuration.js';

/** Values kept per order; a phone cannot make it grow without end. */
const MAX_ANSWERS = 2_000;

/** Keeps what a phone answered to a request, the newest of each item. What is secret, to us or to policies, is masked. */
export function keepAnswers(
  order: WorkOrder,
  items: readonly ReportedItem[],
  desired: DesiredConfiguration,
): WorkOrder {
  const answers = new Map(order.answers.map((answer) => [itemKey(answer.name, answer.index), answer]));
  for (const item of items) {
    const key = itemKey(item.name, item.index);
    const isSecret = item.secret === true || isSecretItem(item.name) || desired.byKey.get(key)?.secret === true;
    answers.set(key, isSecret ? masked(item) : { ...ref(item), ...valueOf(item) });
  }
  return { ...order, answers: [...answers.values()].slice(0, MAX_ANSWERS) };
}

function masked(item: ReportedItem): ReportedItem {
  return { ...ref(item), secret: true, ...(item.status === undefined ? {} : { status: item.status }) };
}

function ref({ name, index }: ReportedItem): { name: string; index?: number } {
  return index === undefined ? { name } : { name, index };
}

function valueOf({ value, status }: ReportedItem): Pick<ReportedItem, 'value' | 'status'> {
  return { ...(value === undefined ? {} : { value }), ...(status === undefined ? {} : { status }) };
}
