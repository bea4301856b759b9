import { randomUUID } from 'node:crypto';
import { fingerprint, matchesFingerprint, seal, type SealingKeys } from '@opendls/crypto';
import { sealContext } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { EntityManager } from 'typeorm';
import type { DecisionSettings } from '../decision-settings.js';
import type { SelectedItem } from '../policies/domain/policy-set.js';
import type { SelectableFacts } from '../policies/domain/selector.js';
import type { PolicyRegistry } from '../policies/policy-registry.js';
import type { SecretsService } from '../secrets/secrets.service.js';
import type { WorkOrder } from '../work-orders/domain/work-order.js';
import type { WorkOrdersStore } from '../work-orders/work-orders.store.js';
import type { DevicesStore } from './devices.store.js';
import { neededSecrets } from './domain/desired-configuration.js';
import { selectableFacts, type DeviceState } from './domain/device-state.js';
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
}

/** A phone's state before and after. */
export interface DeviceChange {
  readonly before: Pick<DeviceState, 'compliance' | 'openItems' | 'contactId'>;
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
    needs: { readonly orderIds?: readonly string[]; readonly expectedFacts?: readonly SelectableFacts[] } = {},
  ): Promise<DeviceWorkspace> {
    const orders = await parts.orders.load([...states.keys()], needs.orderIds ?? [], manager);
    const policies = rememberSelections(await parts.policies.current(manager));
    const facts = [...[...states.values()].map(selectableFacts), ...(needs.expectedFacts ?? [])];
    const names = new Set(facts.flatMap((one) => neededSecrets(policies.select(one), one)));
    const secrets = await parts.secrets.openAll([...names], manager);
    const context = decisionContext(parts, policies, secrets);
    const ordersOf = groupByDevice(orders);
    const entries = new Map(
      [...states].map(([deviceId, state]) => {
        const before = { compliance: state.compliance, openItems: state.openItems, contactId: state.contactId };
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
      const facts = selectableFacts(state);
      state.secretRefs = neededSecrets(this.context.policies.select(facts), facts);
    }
    const orders = this.all().flatMap(({ device }) => device.changedOrders());
    await this.parts.devices.saveAll(tx, states);
    await this.parts.devices.saveReports(tx, states);
    await this.parts.orders.saveAll(tx, orders);
    return orders;
  }
}

function decisionContext(
  { sealingKeys, settings, clock }: WorkspaceParts,
  policies: PolicySelection,
  secrets: ReadonlyMap<string, string>,
): DecisionContext {
  return {
    policies,
    secrets,
    fingerprints: {
      make: (value, deviceId, itemKey) => fingerprint(sealingKeys, value, sealContext(deviceId, itemKey)),
      matches: (stored, value, deviceId, itemKey) =>
        matchesFingerprint(sealingKeys, stored, value, sealContext(deviceId, itemKey)),
    },
    seal: (value, deviceId, itemKey) => seal(sealingKeys, value, sealContext(deviceId, itemKey)),
    newOrderId: randomUUID,
    limits: settings,
    now: clock(),
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
