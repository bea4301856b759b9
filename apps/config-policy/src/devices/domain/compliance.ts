import type { ComplianceState, ItemRef } from '@opendls/event-contracts';
import { refOf } from '../../work-orders/domain/configure-steps.js';
import { isBlocked, type Difference } from './difference.js';

export interface ComplianceFacts {
  /** Number of items that policies want on the phone. */
  readonly desiredItems: number;
  readonly differences: readonly Difference[];
  /** All items have been read at least once, and no unknown change was announced since. */
  readonly isReportCurrent: boolean;
  readonly hasGivenUp: boolean;
  /** An order that writes items is not closed yet. */
  readonly isBeingConfigured: boolean;
  readonly previous: ComplianceState;
}

/**
 * - `unmanaged`: no policy wants anything of the phone;
 * - `failed`: the phone does not take a value, or its work failed too often;
 * - `drifted`: the phone had the desired value of an item and now reports another;
 * - `pending`: something is still to be read or written at the next contact, or a secret is missing;
 * - `compliant`: the last report and what was written equal the desired configuration.
 */
export function complianceState(facts: ComplianceFacts): ComplianceState {
  if (facts.desiredItems === 0) return 'unmanaged';
  if (facts.hasGivenUp || facts.differences.some(isBlocked)) return 'failed';
  if (facts.differences.some(({ reason }) => reason === 'drifted')) return 'drifted';
  if (facts.differences.length > 0 || !facts.isReportCurrent) return 'pending';
  // Written, but not yet verified: no news until the order is closed.
  if (facts.isBeingConfigured) return facts.previous === 'drifted' ? 'drifted' : 'pending';
  return 'compliant';
}

/** The items that are not as desired. */
export function openItems(differences: readonly Difference[]): ItemRef[] {
  return differences.map(({ desired }) => refOf(desired));
}
