import type { ContactClosed, ContactOutcome, Fact } from './facts.js';
import { cleanUp } from './replies.js';
import type { Contact } from './state.js';
import type { InteractionWarning, Transition } from './transition.js';

interface Ending {
  readonly facts?: readonly Fact[];
  readonly warnings?: readonly InteractionWarning[];
  readonly isSolicited?: boolean;
  readonly cleanupReason?: string | null;
}

/** The record of a contact that is over. */
export function closedContact(contact: Contact, outcome: ContactOutcome, ending: Ending = {}): ContactClosed {
  return {
    contactId: contact.contactId,
    deviceId: contact.deviceId,
    outcome,
    cleanupReason: ending.cleanupReason ?? null,
    isSolicitedRequested: ending.isSolicited ?? false,
    exchanges: contact.exchanges,
  };
}

/** Ends the contact towards the phone: `CleanUp` in answer to its last message. */
export function closeContact(contact: Contact, outcome: ContactOutcome, ending: Ending = {}): Transition {
  return {
    state: { name: 'closed', contact },
    facts: ending.facts ?? [],
    reply: cleanUp(contact.nonce, { isSolicited: ending.isSolicited }),
    closed: closedContact(contact, outcome, ending),
    ...(ending.warnings === undefined ? {} : { warnings: ending.warnings }),
  };
}
