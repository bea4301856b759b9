import type { SelectedItem } from '../../policies/domain/policy-set.js';
import type { SelectableFacts } from '../../policies/domain/selector.js';
import type { SealValue } from '../../work-orders/domain/configure-steps.js';
import type { OrderLimits, WorkOrder } from '../../work-orders/domain/work-order.js';
import type { SecretFingerprints, SecretValues } from './desired-configuration.js';
import type { FeatureSet } from './feature-rules.js';

/** The answer to an event that asks for work. */
export type Answer =
  | { readonly kind: 'order'; readonly order: WorkOrder }
  | { readonly kind: 'no-work'; readonly moreOrdersWaiting: boolean };

export const NO_WORK: Answer = { kind: 'no-work', moreOrdersWaiting: false };

export interface DecisionLimits extends OrderLimits {
  /** How long work that failed too often rests before the same work is tried again. */
  readonly retryFailedAfterMs: number;
}

/** The policies of one moment. */
export interface PolicySelection {
  readonly version: number;
  select(facts: SelectableFacts): readonly SelectedItem[];
}

/** What decisions about phones need besides the phone. */
export interface DecisionContext {
  readonly policies: PolicySelection;
  /** Secure mode, mobile users and the like, see `feature-rules.ts`. */
  readonly features: FeatureSet;
  readonly secrets: SecretValues;
  readonly fingerprints: SecretFingerprints;
  readonly seal: SealValue;
  readonly newOrderId: () => string;
  readonly limits: DecisionLimits;
  readonly now: Date;
}
