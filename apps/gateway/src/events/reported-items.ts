import type { Item } from '@opendls/dls-codec';
import type { ReportedItem } from '@opendls/event-contracts';
import { isSecretItem } from '@opendls/item-catalog';

/** As the contract allows; phones name their items in far fewer characters. */
const MAX_NAME_LENGTH = 128;

/**
 * The items of a phone's message as events carry them. Secret values end here: `secret` says that there was one. Items that
 * no event can carry (no name, a name without end) are left out.
 */
export function reportedItems(items: readonly Item[]): ReportedItem[] {
  const reported: ReportedItem[] = [];
  for (const item of items) {
    const { name, index, value, status, statusText } = item;
    if (name === '' || name.length > MAX_NAME_LENGTH || (index !== undefined && !isIndex(index))) continue;
    const one: { -readonly [Key in keyof ReportedItem]: ReportedItem[Key] } = { name };
    if (index !== undefined) one.index = index;
    if (status !== undefined) one.status = statusText ?? status;
    else if (value !== '' && isPrivate(name)) one.secret = true;
    else one.value = value;
    reported.push(one);
  }
  return reported;
}

/** User data is an opaque copy of call lists, phone books and recordings: nobody's business either. */
function isPrivate(name: string): boolean {
  return isSecretItem(name) || /^userdata-/i.test(name);
}

function isIndex(index: number): boolean {
  return Number.isSafeInteger(index) && index >= 0;
}
