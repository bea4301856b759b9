import type { AnyEvent } from '@opendls/event-contracts';
import type { EntityManager } from 'typeorm';
import type { DeviceState } from './domain/device-state.js';
import type { FeatureRules } from './domain/feature-rules.js';

/** Reads what a feature needs for the phones and events of one transaction; `events` is empty without a contact. */
export interface FeatureLoader {
  /** Before the transaction, without locks: what takes long. Events may come that were handled before. */
  prepare?(events: readonly AnyEvent[]): Promise<void>;

  load(
    manager: EntityManager,
    states: ReadonlyMap<string, DeviceState>,
    events: readonly AnyEvent[],
    now: Date,
  ): Promise<FeatureRules>;
}
