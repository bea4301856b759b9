import type { ContactOpened } from '@opendls/event-contracts';
import { phoneCame } from '../../waking/domain/contact-plan.js';
import { mergeFacts, type DeviceState } from './device-state.js';
import { mergeReport } from './phone-report.js';

/** What the database can hold; more than any message has room for. */
const MAX_ITEMS_LIMIT = 2 ** 31 - 1;

/** Takes over what a phone states when it opens a contact. */
export function takeOpening(state: DeviceState, opening: ContactOpened, reason: string, at: Date): void {
  const facts = mergeFacts(state.facts, opening.device);
  const hasOtherSoftware = ![null, facts.softwareVersion].includes(state.facts.softwareVersion);
  const { contactId } = opening;
  Object.assign(state, { facts, contactId, contactReason: reason, waking: phoneCame(state.waking) });
  state.maxItems = opening.maxItems === null ? null : Math.min(Math.max(opening.maxItems, -1), MAX_ITEMS_LIMIT);
  state.contactOpenedAt = later(state.contactOpenedAt, at);
  state.lastSeenAt = later(state.lastSeenAt, at);
  mergeReport(state.report, opening.items, { keepKnownValues: true });
  if (opening.items.length > 0) state.lastReportAt = later(state.lastReportAt, at);
  // The result of a deployment says nothing of the settings, unless it says so (PROTOCOL 4.8). Of all else an unnamed change
  // has to be read (4.2), one that is attached has not (4.3).
  const { configurationChanged, itemsAttached } = opening;
  const isChanged = reason === 'deployment-reported' ? configurationChanged === true : configurationChanged !== false;
  if ((isChanged && !itemsAttached) || hasOtherSoftware) state.isReportStale = true;
}

export function later(known: Date | null, at: Date): Date {
  return known !== null && known > at ? known : at;
}
