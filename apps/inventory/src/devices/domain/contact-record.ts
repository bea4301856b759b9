import type { ContactOutcome, ContactReason, DeviceId, PhoneConnection } from '@opendls/event-contracts';
import { EMPTY_TIMELINE, type Timeline } from './contact-timeline.js';

/** A phone that repeats its opening message within this time continues the contact; later it is a new one. */
export const SAME_CONTACT_MS = 15 * 60_000;
/** The longest a contact can take: events of the same contact id that are further apart belong to different contacts. */
export const LONGEST_CONTACT_MS = 24 * 3_600_000;
/** How far the clocks of two gateways may be apart. */
const CLOCK_TOLERANCE_MS = 5_000;

/** One contact of a phone. */
export interface ContactRecord {
  /** Number of the row; null as long as it was not written. */
  readonly contactNo: string | null;
  readonly deviceId: DeviceId;
  readonly contactId: string;
  /** When the phone opened it; as long as its opening is missing, the time of its first known event. */
  readonly openedAt: Date;
  /** null as long as its opening is missing. */
  readonly reason: ContactReason | null;
  /** How the phone reached its gateway when it opened the contact; null as long as its opening is missing. */
  readonly connection: PhoneConnection | null;
  readonly closing: ContactClosing | null;
  readonly timeline: Timeline;
}

export interface ContactClosing {
  readonly closedAt: Date;
  readonly outcome: ContactOutcome;
  readonly cleanupReason: string | null;
  readonly isSolicitedRequested: boolean;
  readonly exchanges: number;
  readonly durationMs: number | null;
}

/** A contact that is known from one event so far. */
export function newContact(
  deviceId: DeviceId,
  contactId: string,
  openedAt: Date,
  reason: ContactReason | null,
): ContactRecord {
  return {
    ...{ contactNo: null, deviceId, contactId, openedAt, reason },
    ...{ connection: null, closing: null, timeline: EMPTY_TIMELINE },
  };
}

/**
 * The contact that an opening message at `at` belongs to, among those of one contact id: the one that began at most
 * {@link SAME_CONTACT_MS} away, or one whose opening is still missing. Phones with constant nonces have many contacts of
 * one id.
 */
export function findOpened(contacts: readonly ContactRecord[], at: Date): ContactRecord | undefined {
  return nearest(
    contacts.filter((contact) => Math.abs(distance(contact, at)) <= SAME_CONTACT_MS || isOpeningMissing(contact, at)),
    at,
  );
}

/** The contact that a later event at `at` belongs to, among those of one contact id. */
export function findOngoing(contacts: readonly ContactRecord[], at: Date): ContactRecord | undefined {
  const begun = contacts.filter((contact) => {
    const age = distance(contact, at);
    return age >= -CLOCK_TOLERANCE_MS && age <= LONGEST_CONTACT_MS;
  });
  if (begun.length > 0) return nearest(begun, at);
  const isOutOfOrder = (contact: ContactRecord): boolean => Math.abs(distance(contact, at)) <= SAME_CONTACT_MS;
  return nearest(
    contacts.filter((contact) => isOutOfOrder(contact) || isOpeningMissing(contact, at)),
    at,
  );
}

/**
 * The contact with its opening message known (again). `status` in a contact that goes on does not open it anew: it is the
 * result of a deployment there (PROTOCOL 3.1).
 */
export function withOpening(
  contact: ContactRecord,
  at: Date,
  reason: ContactReason,
  connection: PhoneConnection,
): ContactRecord {
  if (reason === 'status' && contact.reason !== null && contact.reason !== 'status') return contact;
  const openedAt = contact.reason === null || at < contact.openedAt ? at : contact.openedAt;
  return { ...contact, openedAt, reason, connection };
}

/** The contact with an event in it that is not its opening. */
export function withEventAt(contact: ContactRecord, at: Date): ContactRecord {
  return contact.reason === null && at < contact.openedAt ? { ...contact, openedAt: at } : contact;
}

/**
 * The contact with its end; of several ends the last counts, a gateway that resumed it closes it anew. What a phone was told
 * counts more than what a gateway concludes that the phone did not come back to.
 */
export function withClosing(contact: ContactRecord, closing: ContactClosing): ContactRecord {
  const known = contact.closing;
  if (known !== null) {
    const isLess = isConclusion(closing) && !isConclusion(known);
    const isMore = isConclusion(known) && !isConclusion(closing);
    if (isLess || (!isMore && known.closedAt > closing.closedAt)) return contact;
  }
  return { ...withEventAt(contact, closing.closedAt), closing };
}

function isConclusion({ outcome }: ContactClosing): boolean {
  return outcome === 'expired' || outcome === 'replaced';
}

function isOpeningMissing(contact: ContactRecord, at: Date): boolean {
  const lead = distance(contact, at);
  return contact.reason === null && lead <= 0 && lead >= -LONGEST_CONTACT_MS;
}

/** How long after the beginning of the contact `at` is. */
function distance(contact: ContactRecord, at: Date): number {
  return at.getTime() - contact.openedAt.getTime();
}

function nearest(contacts: readonly ContactRecord[], at: Date): ContactRecord | undefined {
  return contacts.reduce<ContactRecord | undefined>(
    (best, contact) =>
      best === undefined || Math.abs(distance(contact, at)) < Math.abs(distance(best, at)) ? contact : best,
    undefined,
  );
}
