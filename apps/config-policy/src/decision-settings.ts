import type { DecisionLimits } from './devices/domain/managed-device.js';
import type { WakingLimits } from './waking/domain/contact-plan.js';
import type { OrderSettings } from './work-orders/order-kinds/order-kind.js';

/** How config-policy works, apart from its connections. */
export interface DecisionSettings extends DecisionLimits, WakingLimits, OrderSettings {
  /** Most events handled in one transaction. */
  readonly batchSize: number;
  /** How often phones are compared again after policies changed, and overdue orders are looked for. */
  readonly maintenanceIntervalMs: number;
  /** How long closed orders are kept. */
  readonly orderRetentionMs: number;
  /** How long the ids of processed events are kept; longer than the bus keeps events. */
  readonly processedEventRetentionMs: number;
  /** Most requests to wake phones per second, of all replicas together. */
  readonly contactRatePerSecond: number;
  /** Most one-off orders of one phone that are not closed. */
  readonly maxOpenRequests: number;
}

const DAY_MS = 24 * 3_600_000;

export const DEFAULT_SETTINGS: DecisionSettings = {
  batchSize: 200,
  maxAttempts: 5,
  orderExpiryMs: 5 * 60_000,
  retryFailedAfterMs: 3_600_000,
  maintenanceIntervalMs: 1_000,
  orderRetentionMs: 90 * DAY_MS,
  processedEventRetentionMs: 16 * DAY_MS,
  contactPhones: true,
  contactGapMs: 300_000,
  contactRatePerSecond: 20,
  maxOpenRequests: 50,
  factoryResetSecret: 'factory-reset',
  fileSwVersion: 'dotted',
  // A phone downloads a ringer of 1 MB in seconds; the wait for `status` of several files is for those that send none.
  fileReadAfterMs: 5 * 60_000,
  fileTimeoutMs: 60 * 60_000,
};
