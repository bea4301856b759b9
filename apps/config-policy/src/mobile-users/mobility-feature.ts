import { fingerprint, open, seal, type SealingKeys } from '@opendls/crypto';
import { sealContext, type AnyEvent, type ReportedItem } from '@opendls/event-contracts';
import { isSecretItem, itemKey } from '@opendls/item-catalog';
import type { Logger } from '@opendls/logging';
import { onCommit, type Tx } from '@opendls/postgres';
import type { EntityManager } from 'typeorm';
import type { DeviceState } from '../devices/domain/device-state.js';
import type { FeatureRules } from '../devices/domain/feature-rules.js';
import type { FeatureLoader } from '../devices/feature-loader.js';
import { parseSecretRef, resolveSecretRef } from '../secrets/domain/secret-ref.js';
import type { SecretsService } from '../secrets/secrets.service.js';
import type { MobileUser, ProfileValue, UserDataValue } from './domain/mobile-user.js';
import type { MobilityChanges } from './domain/mobility-changes.js';
import { MobilityRules } from './domain/mobility-rules.js';
import { mobilityOf } from './domain/mobility-state.js';
import type { LogonChecks } from './logon-checks.js';
import type { MobileUserDataEntity, MobileUserEntity } from './mobile-user.entity.js';
import type { MobileUsersStore } from './mobile-users.store.js';
import type { MobilityMetrics } from './mobility-metrics.js';
import { profileBinding, userDataBinding } from './sealed-parts.js';

const NO_INDEX = -1;

export interface MobilityParts {
  readonly store: MobileUsersStore;
  readonly checks: LogonChecks;
  readonly secrets: SecretsService;
  readonly sealingKeys: SealingKeys;
  readonly metrics: MobilityMetrics;
  readonly logger: Logger;
}

/** Loads what decisions need of mobile users, and stores what they change. */
export class MobilityFeature implements FeatureLoader {
  constructor(private readonly parts: MobilityParts) {}

  async prepare(events: readonly AnyEvent[]): Promise<void> {
    await this.parts.checks.prepare(events);
  }

  async load(
    manager: EntityManager,
    states: ReadonlyMap<string, DeviceState>,
    events: readonly AnyEvent[],
    now: Date,
  ): Promise<FeatureRules> {
    const { store, checks, sealingKeys } = this.parts;
    const isDeciding = manager.queryRunner?.isTransactionActive === true;
    const rows = await store.load(manager, numbersOf(states, events), [...states.keys()], isDeciding);
    const byNumber = new Map(rows.map((row) => [row.e164, row]));
    const asking = askingForData(states, events);
    const data = await store.loadData(manager, asking);
    return new MobilityRules({
      now,
      users: await this.opened(rows, manager),
      userData: this.openData(data),
      passwordOf: (opening) => checks.take(opening, byNumber.get(opening.device.e164 ?? '')),
      openUserData: (deviceId, item) => this.openReported(deviceId, item),
      markSecret: (value, deviceId, key) => fingerprint(sealingKeys, value, sealContext(deviceId, key)),
      persist: async (tx, changes) => {
        await this.persist(tx, changes, now);
        onCommit(tx, () => this.told(events, changes));
      },
    });
  }

  private async opened(rows: readonly MobileUserEntity[], manager: EntityManager): Promise<Map<string, MobileUser>> {
    const names = rows.flatMap(({ e164, profile }) =>
      profile.flatMap((item) => ('secretRef' in item ? (secretName(e164, item.secretRef) ?? []) : [])),
    );
    const secrets = await this.parts.secrets.openAll([...new Set(names)], manager);
    return new Map(
      rows.map((row) => {
        const profile = row.profile.flatMap((item): ProfileValue[] => {
          const { name, index } = item;
          const ref = index === undefined ? { name } : { name, index };
          if ('value' in item) return [{ ...ref, value: item.value, secret: isSecretItem(name) }];
          const value =
            'sealed' in item
              ? open(this.parts.sealingKeys, item.sealed, profileBinding(row.e164, itemKey(name, index)))
              : secrets.get(secretName(row.e164, item.secretRef) ?? '');
          // A secret that is not stored yet is written once it is.
          return value === undefined ? [] : [{ ...ref, value, secret: true }];
        });
        return [row.e164, toUser(row, profile)];
      }),
    );
  }

  private openData(rows: readonly MobileUserDataEntity[]): Map<string, UserDataValue[]> {
    const data = new Map<string, UserDataValue[]>();
    for (const { e164, name, itemIndex, sealed } of rows) {
      const ref = itemIndex === NO_INDEX ? { name } : { name, index: itemIndex };
      const value = open(this.parts.sealingKeys, sealed, userDataBinding(e164, keyOf(ref)));
      data.set(e164, [...(data.get(e164) ?? []), { ...ref, value }]);
    }
    return data;
  }

  private openReported(deviceId: string, item: ReportedItem): string | undefined {
    if (item.sealed === undefined) return undefined;
    try {
      return open(this.parts.sealingKeys, item.sealed, sealContext(deviceId, keyOf(item)));
    } catch (error) {
      this.parts.logger.warn({ err: error, deviceId, item: item.name }, 'user data cannot be opened');
      return undefined;
    }
  }

  private async persist(tx: Tx, { users, displaced, saved }: MobilityChanges, now: Date): Promise<void> {
    const { store, sealingKeys } = this.parts;
    await store.saveDecided(tx, users);
    for (const { e164, name, values } of saved) {
      const chunks = values.map((one) => ({
        ...{ e164, name, itemIndex: one.index ?? NO_INDEX, updatedAt: now, sizeCharacters: one.value.length },
        sealed: seal(sealingKeys, one.value, userDataBinding(e164, keyOf(one))),
      }));
      await store.replaceData(tx, e164, name, chunks);
    }
    await store.touchFreeDevices(tx, [...displaced]);
  }

  private told(events: readonly AnyEvent[], { logons, logoffs, saved, dropped }: MobilityChanges): void {
    const { metrics, logger, checks } = this.parts;
    checks.forget(events);
    for (const { outcome, ...occasion } of logons) {
      metrics.logons.inc({ outcome });
      if (outcome === 'accepted') logger.info(occasion, 'mobile user logged on');
      else logger.warn({ ...occasion, reason: outcome }, 'logon of a mobile user refused');
    }
    for (const { kind, ...occasion } of logoffs) {
      metrics.logoffs.inc({ kind });
      logger.info({ ...occasion, kind }, 'mobile user logs off');
    }
    if (saved.length > 0) metrics.userData.inc({ outcome: 'saved' }, saved.length);
    if (dropped > 0) metrics.userData.inc({ outcome: 'dropped' }, dropped);
  }
}

function toUser(row: MobileUserEntity, profile: readonly ProfileValue[]): MobileUser {
  const { e164, isEnabled, revision, loggedOnDeviceId, loggedOnAt, isLogoffRequested } = row;
  const failures = { count: row.failedLogons, lastAt: row.lastFailedAt, lockedUntil: row.lockedUntil };
  return { e164, isEnabled, revision, profile, loggedOnDeviceId, loggedOnAt, isLogoffRequested, failures };
}

/** The number in the name of a secret is the user's. */
function secretName(e164: string, ref: string): string | undefined {
  const parsed = parseSecretRef(ref);
  return parsed.ok ? resolveSecretRef(parsed.template, { deviceId: null, macAddress: null, e164 }) : undefined;
}

/** Who is on the phones as far as they know, and whose number they say. */
function numbersOf(states: ReadonlyMap<string, DeviceState>, events: readonly AnyEvent[]): string[] {
  const present = [...states.values()].flatMap((state) => {
    const { e164, basicE164 } = state.facts;
    const foreign = e164 !== null && e164 !== basicE164 ? [e164] : [];
    return [...foreign, ...[mobilityOf(state).user ?? []].flat()];
  });
  const stated = events.flatMap(({ data }) =>
    'device' in data && 'basicE164' in data.device && data.device.e164 !== data.device.basicE164
      ? (data.device.e164 ?? [])
      : [],
  );
  return [...new Set([...present, ...stated])];
}

/** Users whose phone asks for their data, where a password let them on (PROTOCOL 4.12, step 7). */
function askingForData(states: ReadonlyMap<string, DeviceState>, events: readonly AnyEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type !== 'opendls.gateway.inventory-changed') return [];
    const { items, device, deviceId } = event.data;
    const isAsking = items.some(({ name }) => name === 'requested-items');
    const state = states.get(deviceId);
    const isLetOn = state !== undefined && device.e164 !== null && mobilityOf(state).user === device.e164;
    return isAsking && isLetOn ? [device.e164 ?? ''] : [];
  });
}

function keyOf({ name, index }: { readonly name: string; readonly index?: number }): string {
  return itemKey(name, index);
}
