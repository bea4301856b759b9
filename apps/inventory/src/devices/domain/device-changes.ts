import type { AnyEvent, DeviceId, OpenDlsEvent } from '@opendls/event-contracts';
import {
  findOngoing,
  findOpened,
  newContact,
  withClosing,
  withEventAt,
  withOpening,
  type ContactRecord,
} from './contact-record.js';
import { withDeployment, withReportedItems, withStep } from './contact-timeline.js';
import { applyOpening, isVisiblyChanged, unknownDevice, type DeviceRecord } from './device-record.js';
import { ItemChanges, meaningfulItems, type CompleteReport } from './item-changes.js';
import {
  addFragment,
  completeReport,
  fragmentOf,
  textOfReply,
  type Fragment,
  type ReplyRef,
} from './item-fragments.js';
import { asOpening, reasonOf, type OpeningEvent } from './reason-of-contact.js';

type ItemsReportedEvent = OpenDlsEvent<'opendls.gateway.items-reported'>;

/** What is stored of one phone, as far as a batch of its events needs it. */
export interface StoredState {
  readonly device: DeviceRecord | undefined;
  /** Contacts whose ids occur in the batch. */
  readonly contacts: readonly ContactRecord[];
  /** Fragments of the replies that occur in the batch. */
  readonly replies: readonly StoredReply[];
}

export interface StoredReply {
  readonly ref: ReplyRef;
  readonly fragments: readonly Fragment[];
  /** More is stored than any phone has to say: it was not loaded, and is given up. */
  readonly isOversized?: boolean;
}

/** A reply of which a batch brings fragments, and whether its last one is among them. */
export interface AskedReply extends ReplyRef {
  readonly isEnding: boolean;
}

/** How the stored fragments of a reply change. */
export interface ReplyChange {
  readonly ref: ReplyRef;
  readonly added: readonly Fragment[];
  /** Complete, or offered again: what is stored is of no use any more. */
  readonly isObsolete: boolean;
}

/** Makes one short text of the items of an opening message; equal items give equal text. */
export type DigestItems = (
  items: readonly { readonly name: string; readonly index?: number; readonly value?: string }[],
) => string;

/**
 * What a batch of events changes for one phone. Takes the events in the order of their delivery, keeps the result in memory;
 * the stores write it with a few statements for all phones of the batch.
 */
export class DeviceChanges {
  readonly items = new ItemChanges();
  private readonly touchedContacts = new Set<number>();
  private readonly contactList: ContactRecord[];
  private readonly replyMap: Map<string, StoredReply>;
  private readonly before: DeviceRecord;
  private record: DeviceRecord;

  constructor(
    deviceId: DeviceId,
    private readonly stored: StoredState,
    private readonly digest: DigestItems,
  ) {
    this.before = stored.device ?? unknownDevice(deviceId);
    this.record = this.before;
    this.contactList = [...stored.contacts];
    this.replyMap = new Map(stored.replies.map((reply) => [textOfReply(reply.ref), reply]));
  }

  /** The record after all events so far. Its version is one up when anything that others can see changed. */
  get device(): DeviceRecord {
    return this.isVisible ? { ...this.record, version: this.before.version + 1 } : this.record;
  }

  /** How the record is to be written. */
  get write(): 'insert' | 'update' | 'none' {
    if (this.stored.device === undefined) return 'insert';
    return this.record === this.before ? 'none' : 'update';
  }

  /** Whether anything that others can see of the record changed. */
  get isVisible(): boolean {
    return isVisiblyChanged(this.before, this.record);
  }

  /** Contacts to insert or update. */
  get contacts(): readonly ContactRecord[] {
    return this.contactList.filter((_, position) => this.touchedContacts.has(position));
  }

  /** Replies whose fragments changed. A reply that came whole, which is the usual case, is not among them. */
  get replies(): readonly ReplyChange[] {
    return [...this.replyMap.entries()].flatMap(([text, { ref, fragments, isOversized }]) => {
      if (isOversized === true) return [{ ref, added: [], isObsolete: true }];
      const before = this.stored.replies.find((reply) => textOfReply(reply.ref) === text)?.fragments ?? [];
      const added = fragments.filter((fragment) => !before.includes(fragment));
      const isObsolete = before.some((fragment) => !fragments.includes(fragment));
      return added.length > 0 || isObsolete ? [{ ref, added, isObsolete }] : [];
    });
  }

  /** Takes one event of this phone in. */
  apply(event: AnyEvent): void {
    const opening = asOpening(event);
    if (opening !== undefined) return this.applyOpening(opening);
    switch (event.type) {
      case 'opendls.gateway.items-reported':
        return this.applyItems(event);
      case 'opendls.gateway.step-completed':
        return this.updateContact(event.data.contactId, event.time, (contact) => ({
          ...withEventAt(contact, event.time),
          timeline: withStep(contact.timeline, event.time, event.data),
        }));
      case 'opendls.gateway.contact-closed': {
        const { outcome, cleanupReason, isSolicitedRequested, exchanges, durationMs } = event.data;
        const closing = { closedAt: event.time, outcome, cleanupReason, isSolicitedRequested, exchanges, durationMs };
        return this.updateContact(event.data.contactId, event.time, (contact) => withClosing(contact, closing));
      }
      default:
        return;
    }
  }

  private applyOpening(event: OpeningEvent): void {
    const { contactId, device, connection, items } = event.data;
    const at = event.time;
    const reason = reasonOf(event);
    const known = findOpened(this.contactsOf(contactId), at);
    const isNewContact = known === undefined || known.reason === null;
    const contact = known ?? newContact(this.record.deviceId, contactId, at, null);
    const opened = withOpening(contact, at, reason, connection);
    const timeline = reason === 'status' ? withDeployment(opened.timeline, at, items) : opened.timeline;
    this.putContact(known, { ...opened, timeline });
    this.record = applyOpening(this.record, { at, reason, facts: device, connection, isNewContact });
    this.applyOpeningItems(items, at);
  }

  /** Items of the last opening are stored only when they are others than before; those of an earlier one as reports. */
  private applyOpeningItems(items: OpeningEvent['data']['items'], at: Date): void {
    const { openingItems, itemsReportedAt } = this.record;
    if (itemsReportedAt !== null && itemsReportedAt > at) return;
    const meaningful = meaningfulItems(items);
    if (meaningful.length === 0) return;
    if (openingItems !== null && openingItems.confirmedAt > at) return this.items.report(meaningful, at);
    const digest = this.digest(meaningful);
    if (openingItems?.digest !== digest) this.items.open(meaningful, openingItems?.confirmedAt ?? null);
    this.record = { ...this.record, openingItems: { digest, confirmedAt: at } };
  }

  private applyItems(event: ItemsReportedEvent): void {
    const { data, time: at } = event;
    this.updateContact(data.contactId, at, (contact) => ({
      ...withEventAt(contact, at),
      timeline: withReportedItems(contact.timeline, at, data),
    }));
    const { itemsReportedAt } = this.record;
    if (itemsReportedAt !== null && itemsReportedAt > at) return;
    if (data.scope === 'all') this.assemble(data, at);
    else this.items.report(meaningfulItems(data.items), at);
  }

  private assemble(data: ItemsReportedEvent['data'], at: Date): void {
    const { contactId, orderId, stepIndex } = data;
    const ref: ReplyRef = { deviceId: this.record.deviceId, contactId, orderId, stepIndex };
    const text = textOfReply(ref);
    const known = this.replyMap.get(text);
    if (known?.isOversized === true) return;
    const fragments = addFragment(known?.fragments ?? [], fragmentOf(data, at));
    const report = completeReport(fragments);
    this.replyMap.set(text, { ref, fragments: report === undefined ? fragments : [] });
    if (report !== undefined) this.applyReport(report);
  }

  private applyReport(report: CompleteReport): void {
    const { openingItems, itemsReportedAt } = this.record;
    if (itemsReportedAt !== null && itemsReportedAt > report.at) return;
    const isOpeningOlder = openingItems !== null && openingItems.confirmedAt <= report.at;
    const opening = isOpeningOlder ? openingItems.confirmedAt : null;
    this.items.complete(report, { opening, complete: itemsReportedAt });
    this.record = { ...this.record, itemsReportedAt: report.at };
    if (isOpeningOlder) this.record = { ...this.record, openingItems: null };
  }

  private contactsOf(contactId: string): readonly ContactRecord[] {
    return this.contactList.filter((contact) => contact.contactId === contactId);
  }

  private updateContact(contactId: string, at: Date, change: (contact: ContactRecord) => ContactRecord): void {
    const known = findOngoing(this.contactsOf(contactId), at);
    this.putContact(known, change(known ?? newContact(this.record.deviceId, contactId, at, null)));
  }

  private putContact(known: ContactRecord | undefined, contact: ContactRecord): void {
    const position = known === undefined ? this.contactList.length : this.contactList.indexOf(known);
    this.contactList[position] = contact;
    this.touchedContacts.add(position);
  }
}
