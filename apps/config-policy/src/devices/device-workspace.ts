import { randomUUID } from 'node:crypto';
import { fingerprint, matchesFingerprint, seal, type SealingKeys } from '@opendls/crypto';
import { sealContext, type AnyEvent } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from 'typeorm';
import type { DecisionSettings } from '../decision-settings.js';
import type { SelectedItem } from '../policies/domain/policy-set.js';
import type { PolicyRegistry } from '../policies/policy-registry.js';
import type { SecretsService } from '../secrets/secrets.service.js';
import type { WorkOrder } from '../work-orders/domain/work-order.js';
import type { WorkOrdersStore } from '../work-orders/work-orders.store.js';
import type { DevicesStore } from './devices.store.js';
import type { FeatureLoader } from './feature-loader.js';
import { neededSecrets } from './domain/desired-configuration.js';
import { selectableFacts, type DeviceState } from './domain/device-state.js';
import { FeatureSet, type FactsSource, type FeatureRules } from './domain/feature-rules.js';
import type { PendingWork } from './domain/pending-work.js';
import { nextContactAt, type ContactNeed } from '../waking/domain/contact-plan.js';
import { ManagedDevice, type DecisionContext, type PolicySelection } from './domain/managed-device.js';

/** What a workspace is made from. */
export interface WorkspaceParts {
  readonly devices: DevicesStore;
  readonly orders: WorkOrdersStore;
  readonly policies: PolicyRegistry;
  readonly secrets: SecretsService;
  readonly sealingKeys: SealingKeys;
  readonly settings: DecisionSettings;
  readonly clock: () => Date;
  /** Secure mode, mobile users: each takes part in decisions. */
  readonly features: readonly FeatureLoader[];
}

/** A phone's state before and after. */
export interface DeviceChange {
  readonly before: Pick<DeviceState, 'compliance' | 'openItems' | 'contactId' | 'directive'>;
  readonly device: ManagedDevice;
}

/** The phones of one transaction with everything that decisions about them need, loaded with a few statements. */
export class DeviceWorkspace {
  private constructor(
    private readonly parts: WorkspaceParts,
    private readonly context: DecisionContext,
    private readonly entries: ReadonlyMap<string, DeviceChange>,
  ) {}

  /**
   * Loads what belongs to phones that the caller has locked. `orderIds` are orders that are needed even when closed,
   * `expectedFacts` what phones are about to state, so that their secrets are there.
   */
  static async open(
    parts: WorkspaceParts,
    manager: EntityManager,
    states: ReadonlyMap<string, DeviceState>,
    needs: WorkspaceNeeds = {},
  ): Promise<DeviceWorkspace> {
    const orders = await parts.orders.load([...states.keys()], needs.orderIds ?? [], manager);
    const policies = rememberSelections(await parts.policies.current(manager));
    const now = parts.clock();
    const features = await loadFeatures(parts, manager, states, needs.events ?? [], now);
    const sources = [...states.values(), ...(needs.expectedFacts ?? [])];
    const facts = sources.map((one) => features.selectFacts(one, selectableFacts(one)));
    const names = new Set(facts.flatMap((one) => neededSecrets(policies.select(one), one)));
    const secrets = await parts.secrets.openAll([...names], manager);
    const context = decisionContext(parts, { policies, secrets, features, now });
    const ordersOf = groupByDevice(orders);
    const entries = new Map(
      [...states].map(([deviceId, state]) => {
        const { compliance, openItems, contactId, directive } = state;
        const before = { compliance, openItems, contactId, directive };
        return [deviceId, { before, device: new ManagedDevice(state, ordersOf.get(deviceId) ?? [], context) }];
      }),
    );
    return new DeviceWorkspace(parts, context, entries);
  }

  device(deviceId: string): ManagedDevice | undefined {
    return this.entries.get(deviceId)?.device;
  }

  all(): readonly DeviceChange[] {
    return [...this.entries.values()];
  }

  /** Stores phones and orders. */
  async save(tx: Tx): Promise<readonly WorkOrder[]> {
    const states = this.all().map(({ device }) => device.state);
    for (const state of states) {
      const facts = this.context.features.selectFacts(state, selectableFacts(state));
      state.secretRefs = neededSecrets(this.context.policies.select(facts), facts);
    }
    for (const { device } of this.all()) this.planContact(device);
    const orders = this.all().flatMap(({ device }) => device.changedOrders());
    await this.parts.devices.saveAll(tx, states);
    await this.parts.devices.saveReports(tx, states);
    await this.parts.orders.saveAll(tx, orders);
    await this.context.features.save(tx);
    return orders;
  }

  /** When the phone is to be asked to come, and what gateways must know of it. */
  private planContact(device: ManagedDevice): void {
    const { state } = device;
    const need = contactNeed(state, device.pendingWork());
    state.nextContactAt = nextContactAt(need, state.waking, this.parts.settings, this.context.now);
    const directive = device.directive();
    if (!isDeepStrictEqual(state.directive ?? NO_DIRECTIVE, directive)) state.directive = directive;
  }
}

const NO_DIRECTIVE = { isWorkPending: false, requiresSecureMode: false, revokedCertificates: [] };

/** What a workspace is opened for. */
export interface WorkspaceNeeds {
  readonly orderIds?: readonly string[];
  readonly expectedFacts?: readonly FactsSource[];
  readonly events?: readonly AnyEvent[];
}

async function loadFeatures(
  { features }: WorkspaceParts,
  manager: EntityManager,
  states: ReadonlyMap<string, DeviceState>,
  events: readonly AnyEvent[],
  now: Date,
): Promise<FeatureSet> {
  const rules: FeatureRules[] = [];
  // One after the other: they share one connection.
  for (const loader of features) rules.push(await loader.load(manager, states, events, now));
  return new FeatureSet(rules);
}

function contactNeed(state: DeviceState, { from, isUrgent }: PendingWork): ContactNeed {
  const { facts, report, contactOpenedAt } = state;
  return {
    workFrom: from,
    isUrgent,
    contactMeUri: facts.contactMeUri,
    dcmpUrl: report.get('dcmp-url')?.value ?? null,
    contactInterval: report.get('dls-contact-interval')?.value ?? null,
    lastContactAt: contactOpenedAt,
  };
}

function decisionContext(
  { sealingKeys, settings }: WorkspaceParts,
  given: Pick<DecisionContext, 'policies' | 'secrets' | 'features' | 'now'>,
): DecisionContext {
  return {
    ...given,
    fingerprints: {
      make: (value, deviceId, itemKey) => fingerprint(sealingKeys, value, sealContext(deviceId, itemKey)),
      matches: (stored, value, deviceId, itemKey) =>
        matchesFingerprint(sealingKeys, stored, value, sealContext(deviceId, itemKey)),
    },
    seal: (value, deviceId, itemKey) => seal(sealingKeys, value, sealContext(deviceId, itemKey)),
    newOrderId: randomUUID,
    limits: settings,
  };
}

/** The same facts select the same items: within one transaction they are selected once. */
function rememberSelections(policies: PolicySelection): PolicySelection {
  const known = new Map<string, readonly SelectedItem[]>();
  return {
    version: policies.version,
    select: (facts) => {
      const key = JSON.stringify(Object.values(facts));
      const selected = known.get(key) ?? policies.select(facts);
      known.set(key, selected);
      return selected;
    },
  };
}

function groupByDevice(orders: readonly WorkOrder[]): Map<string, WorkOrder[]> {
  const groups = new Map<string, WorkOrder[]>();
  for (const order of orders) {
    const group = groups.get(order.deviceId) ?? [];
    group.push(order);
    groups.set(order.deviceId, group);
  }
  return groups;
}
