import { isSecretItem, itemKey } from '@opendls/item-catalog';
import type { ReportedItem } from '@opendls/event-contracts';
import type { ReportedValue } from './difference.js';

/** Items kept per phone: what phones send is bounded by messages, this bounds what many messages can add up to. */
const MAX_REPORTED_ITEMS = 10_000;
/** The same for their values, which are loaded with every event of the phone. */
const MAX_REPORTED_CHARACTERS = 4_194_304;

/** The report after a complete reading: what is not listed does not exist. */
export function replaceReport(items: readonly ReportedItem[]): Map<string, ReportedValue> {
  const report = new Map<string, ReportedValue>();
  mergeReport(report, items, { keepKnownValues: false });
  return report;
}

/**
 * Adds reported items. A phone also lists items it cannot read, with a status and no value; in opening messages that says
 * nothing about a value that is known from elsewhere (`keepKnownValues`).
 */
export function mergeReport(
  report: Map<string, ReportedValue>,
  items: readonly ReportedItem[],
  { keepKnownValues }: { readonly keepKnownValues: boolean },
): void {
  if (items.length === 0) return;
  let characters = 0;
  for (const value of report.values()) characters += lengthOf(value);
  for (const item of items) {
    const key = itemKey(item.name, item.index);
    const known = report.get(key);
    const value = reportedValue(item);
    const grownTo = characters + lengthOf(value) - (known === undefined ? 0 : lengthOf(known));
    if (known === undefined && report.size >= MAX_REPORTED_ITEMS) continue;
    if (grownTo > Math.max(characters, MAX_REPORTED_CHARACTERS)) continue;
    if (keepKnownValues && value.value === undefined && known !== undefined) continue;
    report.set(key, value);
    characters = grownTo;
  }
}

function lengthOf({ value = '' }: ReportedValue): number {
  return value.length;
}

function reportedValue(item: ReportedItem): ReportedValue {
  // Gateways drop secret values; a value that came all the same is not kept.
  if (item.secret === true || isSecretItem(item.name)) return { secret: true };
  if (item.value !== undefined && item.status === undefined) return { value: item.value };
  return { status: item.status ?? 'failed' };
}
