import type {
  ContactOpened,
  DeviceDirective,
  ReportedItem,
  WorkOrderKind,
  WorkOrderStep,
} from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { SelectedItem } from '../../policies/domain/policy-set.js';
import type { SelectableFacts } from '../../policies/domain/selector.js';
import type { OrderTarget, Verification, WorkOrder } from '../../work-orders/domain/work-order.js';
import type { DeviceState } from './device-state.js';

/**
 * How a feature (secure mode, mobile users) takes part in decisions about phones.
 *
 * - A feature gives a `FeatureLoader` to the workspace. Once per transaction, after the phones are locked, the loader
 *   reads what the feature needs from its own tables and returns the {@link FeatureRules} of this transaction, which hold it.
 *   After all events were applied the workspace calls their `save`.
 * - Rules are pure apart from `save`: they look at the phone, change their own part of `state.features` by
 *   {@link setFeatureState} and return orders. They never change other parts of the state.
 * - Orders are of origin `system`; those of rank `security` come first in a contact, then `mobility`, then one-off requests,
 *   then policy. A planned order whose `key` is that of an open order of the phone is ignored.
 */
export interface FeatureRules {
  /** Name in `DeviceState.features` and in logs. */
  readonly name: string;

  /** False: somebody else pretends to be the phone. The message changes nothing and is answered `no-work`. */
  believes?(state: DeviceState, opening: ContactOpened): boolean;

  /** Whether an open order of this feature is not wanted any more; it is closed as `superseded` instead of being offered. */
  isObsolete?(state: DeviceState, order: WorkOrder): boolean;

  /** A contact was opened; facts and items of the opening are already in the state. */
  onOpened?(device: FeatureDevice, opening: ContactOpened, reason: string): readonly PlannedOrder[];

  /** A phone sent items; `order` is the order that asked, where it is known. All fragments are joined. */
  onItemsReported?(device: FeatureDevice, order: WorkOrder | undefined, items: readonly ReportedItem[]): void;

  /** A contact of the phone ended; what a feature held back in it is held back no longer. Planned as in {@link onReplan}. */
  onContactClosed?(device: FeatureDevice, contactId: string): readonly PlannedOrder[];

  /** An order of the phone was closed, of whatever kind and origin: done, refused, failed, superseded or cancelled. */
  onOrderClosed?(device: FeatureDevice, order: WorkOrder): readonly PlannedOrder[];

  /** The phone is compared again without a contact. What is planned here has the phone woken. */
  onReplan?(device: FeatureDevice): readonly PlannedOrder[];

  /** Items that are wanted above all policies, as layer `user`; made by {@link overlayItem}. */
  overlay?(state: DeviceState): readonly SelectedItem[];

  /** Facts by which policies select the phone, where they are not those it stated. */
  selectFacts?(state: FactsSource, facts: SelectableFacts): SelectableFacts;

  /** While true nothing of requests and policies is offered: the phone is in the middle of a flow of this feature. */
  holdsBack?(state: DeviceState): boolean;

  /** What gateways must know of the phone besides pending work. One feature at most supplies it. */
  directive?(state: DeviceState): Pick<DeviceDirective, 'requiresSecureMode' | 'revokedCertificates'>;

  /** Stores what the feature changed in its own tables. The caller holds the locks of the phones. */
  save?(tx: Tx): Promise<void>;
}

/** What selecting facts may look at; openings of a batch are looked at before they are applied. */
export type FactsSource = Pick<DeviceState, 'deviceId' | 'facts' | 'features'>;

/** The phone as rules see it. */
export interface FeatureDevice {
  readonly state: DeviceState;
  /** Open orders, and those that events of this transaction name. */
  readonly orders: readonly WorkOrder[];
  readonly now: Date;
  /** Seals a value for one item of this phone; only gateways open it. */
  seal(value: string, itemKey: string): string;
}

/** An order that a feature wants. */
export interface PlannedOrder {
  /** Such as `mobility-logon:49891234`; at most one open order of a phone has it. */
  readonly key: string;
  readonly kind: WorkOrderKind;
  readonly rank: 'security' | 'mobility';
  readonly steps: readonly WorkOrderStep[];
  /** Marks of written items, by item key, where the phone's memory of written values must follow. */
  readonly targets?: ReadonlyMap<string, OrderTarget>;
  readonly verification?: Verification;
  /** Whether the phone is woken for it at once, not after the contact gap. */
  readonly wantsContactNow?: boolean;
  /** Shown by the API; no secrets. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Makes sense in the contact it was planned in only: superseded when that contact ends or another one begins. */
  readonly onlyInThisContact?: boolean;
}

/** A feature's part of the state; `parse` makes the initial state of `undefined`. */
export function featureState<State>(
  state: Pick<DeviceState, 'features'>,
  name: string,
  parse: (stored: unknown) => State,
): State {
  return parse(state.features[name]);
}

/** Replaces a feature's part of the state; it must be plain JSON. */
export function setFeatureState(state: DeviceState, name: string, value: object | undefined): void {
  const others = Object.entries(state.features).filter(([other]) => other !== name);
  state.features = Object.fromEntries(value === undefined ? others : [...others, [name, value]]);
}

/** The rules of all features as one. */
export class FeatureSet {
  static readonly NONE = new FeatureSet([]);

  constructor(private readonly rules: readonly FeatureRules[]) {}

  /** Every feature is asked: each may count what it does not believe. */
  believes(state: DeviceState, opening: ContactOpened): boolean {
    return this.rules.map((one) => one.believes?.(state, opening) ?? true).every(Boolean);
  }

  isObsolete(state: DeviceState, order: WorkOrder): boolean {
    return this.rules.some((one) => one.isObsolete?.(state, order) ?? false);
  }

  onOpened(device: FeatureDevice, opening: ContactOpened, reason: string): readonly PlannedOrder[] {
    return this.rules.flatMap((one) => one.onOpened?.(device, opening, reason) ?? []);
  }

  onItemsReported(device: FeatureDevice, order: WorkOrder | undefined, items: readonly ReportedItem[]): void {
    for (const one of this.rules) one.onItemsReported?.(device, order, items);
  }

  onContactClosed(device: FeatureDevice, contactId: string): readonly PlannedOrder[] {
    return this.rules.flatMap((one) => one.onContactClosed?.(device, contactId) ?? []);
  }

  onOrderClosed(device: FeatureDevice, order: WorkOrder): readonly PlannedOrder[] {
    return this.rules.flatMap((one) => one.onOrderClosed?.(device, order) ?? []);
  }

  onReplan(device: FeatureDevice): readonly PlannedOrder[] {
    return this.rules.flatMap((one) => one.onReplan?.(device) ?? []);
  }

  selectFacts(source: FactsSource, facts: SelectableFacts): SelectableFacts {
    return this.rules.reduce((selected, one) => one.selectFacts?.(source, selected) ?? selected, facts);
  }

  /** The items that policies select, those of features in the place of others with the same key. */
  overlay(state: DeviceState, selected: readonly SelectedItem[]): readonly SelectedItem[] {
    const items = this.rules.flatMap((one) => one.overlay?.(state) ?? []);
    if (items.length === 0) return selected;
    const keys = new Set(items.map(({ item }) => item.key));
    return [...items, ...selected.filter(({ item }) => !keys.has(item.key))];
  }

  holdsBack(state: DeviceState): boolean {
    return this.rules.some((one) => one.holdsBack?.(state) ?? false);
  }

  directive(state: DeviceState): Pick<DeviceDirective, 'requiresSecureMode' | 'revokedCertificates'> {
    for (const one of this.rules) {
      const directive = one.directive?.(state);
      if (directive !== undefined) return directive;
    }
    return { requiresSecureMode: false, revokedCertificates: [] };
  }

  async save(tx: Tx): Promise<void> {
    for (const one of this.rules) await one.save?.(tx);
  }
}
