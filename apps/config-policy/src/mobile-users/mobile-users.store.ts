import type { Tx } from '@opendls/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import type { MobileUser } from './domain/mobile-user.js';
import { MobileUserDataEntity, MobileUserEntity } from './mobile-user.entity.js';

/** What is stored of a user's data, without what it says. */
export interface UserDataSummary {
  readonly e164: string;
  readonly name: string;
  readonly chunks: number;
  readonly sizeCharacters: number;
  readonly updatedAt: Date;
}

/** Reads and writes mobile users. Whoever locks phones as well locks the phones first. */
export class MobileUsersStore {
  constructor(private readonly dataSource: DataSource) {}

  async find(e164: string, manager: EntityManager = this.dataSource.manager): Promise<MobileUserEntity | null> {
    return manager.findOneBy(MobileUserEntity, { e164 });
  }

  async findAll(numbers: readonly string[]): Promise<MobileUserEntity[]> {
    if (numbers.length === 0) return [];
    return this.dataSource.manager
      .createQueryBuilder(MobileUserEntity, 'person')
      .where('person.e164 = ANY(:numbers)', { numbers })
      .getMany();
  }

  /** Users with these numbers, and those on these phones; locked when `isLocking`, in one order everywhere. */
  async load(
    manager: EntityManager,
    numbers: readonly string[],
    deviceIds: readonly string[],
    isLocking: boolean,
  ): Promise<MobileUserEntity[]> {
    const query = manager
      .createQueryBuilder(MobileUserEntity, 'person')
      .where('(person.e164 = ANY(:numbers) OR person.loggedOnDeviceId = ANY(:deviceIds))', { numbers, deviceIds })
      .orderBy('person.e164');
    return (isLocking ? query.setLock('pessimistic_write') : query).getMany();
  }

  async list(isLoggedOn: boolean | undefined, after: string | undefined, limit: number): Promise<MobileUserEntity[]> {
    return this.dataSource.manager
      .createQueryBuilder(MobileUserEntity, 'person')
      .where(after === undefined ? 'TRUE' : 'person.e164 > :after', { after })
      .andWhere(isLoggedOn === undefined ? 'TRUE' : `(person.loggedOnDeviceId IS NOT NULL) = :isLoggedOn`, {
        isLoggedOn,
      })
      .orderBy('person.e164')
      .limit(limit)
      .getMany();
  }

  async lock(tx: Tx, e164: string): Promise<MobileUserEntity | null> {
    return tx.findOne(MobileUserEntity, { where: { e164 }, lock: { mode: 'pessimistic_write' } });
  }

  /** Locks a phone before its user, and has it compared again. */
  async touchDevice(tx: Tx, deviceId: string): Promise<void> {
    await tx.query('UPDATE device SET planned_version = 0 WHERE device_id = $1', [deviceId]);
  }

  /** The same for phones that others may be working on: those find out by themselves. */
  async touchFreeDevices(tx: Tx, deviceIds: readonly string[]): Promise<void> {
    if (deviceIds.length === 0) return;
    await tx.query(
      `UPDATE device SET planned_version = 0 WHERE device_id IN (
         SELECT device_id FROM device WHERE device_id = ANY($1) ORDER BY device_id FOR UPDATE SKIP LOCKED)`,
      [deviceIds],
    );
  }

  async save(tx: Tx, user: MobileUserEntity): Promise<void> {
    await tx.upsert(MobileUserEntity, { ...user, profile: [...user.profile] }, ['e164']);
  }

  async requestLogoff(tx: Tx, e164: string): Promise<void> {
    await tx.update(MobileUserEntity, { e164 }, { isLogoffRequested: true });
  }

  /** Whether there was one. */
  async remove(tx: Tx, e164: string): Promise<boolean> {
    return ((await tx.delete(MobileUserEntity, { e164 })).affected ?? 0) > 0;
  }

  /** Stores what decisions changed. */
  async saveDecided(tx: Tx, users: Iterable<MobileUser>): Promise<void> {
    for (const { e164, loggedOnDeviceId, loggedOnAt, isLogoffRequested, failures } of users) {
      await tx.update(
        MobileUserEntity,
        { e164 },
        {
          ...{ loggedOnDeviceId, loggedOnAt, isLogoffRequested },
          ...{ failedLogons: failures.count, lastFailedAt: failures.lastAt, lockedUntil: failures.lockedUntil },
        },
      );
    }
  }

  async countByPresence(): Promise<readonly { readonly state: string; readonly count: number }[]> {
    return this.dataSource.query(
      `SELECT CASE WHEN logged_on_device_id IS NULL THEN 'logged-off' ELSE 'logged-on' END AS state,
         count(*)::integer AS count FROM mobile_user GROUP BY 1`,
    );
  }

  // --- user data

  async loadData(manager: EntityManager, numbers: readonly string[]): Promise<MobileUserDataEntity[]> {
    if (numbers.length === 0) return [];
    return manager
      .createQueryBuilder(MobileUserDataEntity, 'chunk')
      .where('chunk.e164 = ANY(:numbers)', { numbers })
      .orderBy('chunk.name')
      .addOrderBy('chunk.itemIndex')
      .getMany();
  }

  async replaceData(tx: Tx, e164: string, name: string, chunks: readonly MobileUserDataEntity[]): Promise<void> {
    await tx.delete(MobileUserDataEntity, { e164, name });
    if (chunks.length > 0) await tx.insert(MobileUserDataEntity, [...chunks]);
  }

  async removeData(tx: Tx, e164: string): Promise<void> {
    await tx.delete(MobileUserDataEntity, { e164 });
  }

  async summarizeData(numbers: readonly string[]): Promise<UserDataSummary[]> {
    return this.dataSource.query(
      `SELECT e164, name, count(*)::integer AS chunks, sum(size_characters)::integer AS "sizeCharacters",
         max(updated_at) AS "updatedAt"
       FROM mobile_user_data WHERE e164 = ANY($1) GROUP BY e164, name ORDER BY e164, name`,
      [numbers],
    );
  }
}
