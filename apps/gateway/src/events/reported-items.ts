import { clipText, findItemStatus, type Item } from '@opendls/dls-codec';
import type { RefusedItem, ReportedItem } from '@opendls/event-contracts';
import { isSecretItem } from '@opendls/item-catalog';
import { isUserData, type SealItem } from './phone-secrets.js';

/** As the contract allows; phones name their items in far fewer characters. */
const MAX_NAME_LENGTH = 128;
/** The manual's item statuses are a few words (PROTOCOL 6.2); a phone's own are kept up to this. */
const MAX_STATUS_LENGTH = 200;
/** Phones send the same few hundred names over and over; strangers may send any. */
const MAX_REMEMBERED = 4_096;

/**
 * Turns the items of phones' messages into what events carry. Secret values end here, `secret` says that there was one, but
 * for those that are sealed for their only receiver.
 */
export class ItemReporter {
  private readonly isPrivateByName = new Map<string, boolean>();

  /** Items that no event can carry (no name, a name without end) are left out. */
  report(items: readonly Item[], seal: SealItem = () => undefined): ReportedItem[] {
    const reported: ReportedItem[] = [];
    for (const { name, index, value, status, statusText } of items) {
      if (!isNameable({ name, index })) continue;
      const one: { -readonly [Key in keyof ReportedItem]: ReportedItem[Key] } = { name };
      if (index !== undefined) one.index = index;
      if (status !== undefined) one.status = this.statusOf(name, statusText ?? status);
      else if (value !== '' && this.isPrivate(name)) {
        one.secret = true;
        const sealed = seal({ name, index, value });
        if (sealed !== undefined) one.sealed = sealed;
      } else one.value = value;
      reported.push(one);
    }
    return reported;
  }

  /** The same for what a phone says it did not store: it may name anything, not only what it was sent. */
  refused(items: readonly RefusedItem[]): RefusedItem[] {
    return items.filter(isNameable).map((item) => ({ ...item, status: this.statusOf(item.name, item.status) }));
  }

  /** A phone may repeat in its own words what it did not like: of a secret only the words of the protocol are kept. */
  private statusOf(name: string, text: string): string {
    if (findItemStatus(text) === undefined && this.isPrivate(name)) return 'undefined status';
    return clipText(text, MAX_STATUS_LENGTH);
  }

  /**
   * User data is an opaque copy of call lists, phone books and recordings: nobody's business either. The URL a file was
   * loaded from lets whoever reads it load the file, too.
   */
  private isPrivate(name: string): boolean {
    const known = this.isPrivateByName.get(name);
    if (known !== undefined) return known;
    const isPrivate = isSecretItem(name) || isUserData(name) || name === 'file-https-base-url';
    if (this.isPrivateByName.size < MAX_REMEMBERED) this.isPrivateByName.set(name, isPrivate);
    return isPrivate;
  }
}

function isNameable({ name, index }: { readonly name: string; readonly index?: number | undefined }): boolean {
  return name !== '' && name.length <= MAX_NAME_LENGTH && (index === undefined || isIndex(index));
}

function isIndex(index: number): boolean {
  return Number.isSafeInteger(index) && index >= 0;
}
