import type { DeviceId } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { DataSource } from 'typeorm';
import { toRecord, toRow, WRITTEN_COLUMNS } from './device-row.js';
import { DeviceEntity } from './device.entity.js';
import type { DeviceRecord } from './domain/device-record.js';
import { recordsetOf } from './recordset.js';

const COLUMNS = Object.keys(WRITTEN_COLUMNS);

const INSERT = `
  INSERT INTO device (${COLUMNS.join(', ')})
  SELECT ${COLUMNS.join(', ')} FROM ${recordsetOf(WRITTEN_COLUMNS)}`;

const UPDATE = `
  UPDATE device SET ${COLUMNS.filter((column) => column !== 'device_id')
    .map((column) => `${column} = r.${column}`)
    .join(', ')}
  FROM ${recordsetOf(WRITTEN_COLUMNS)}
  WHERE device.device_id = r.device_id`;

/** The current records of phones. */
export class DevicesStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The records of phones, locked against other writers until the transaction ends. Always in the same order, so that two
   * writers cannot wait for each other.
   */
  async lock(tx: Tx, deviceIds: readonly DeviceId[]): Promise<ReadonlyMap<DeviceId, DeviceRecord>> {
    const rows = await tx
      .createQueryBuilder(DeviceEntity, 'd')
      .where('d.deviceId = ANY(:deviceIds)', { deviceIds })
      .orderBy('d.deviceId')
      .setLock('for_no_key_update')
      .getMany();
    return new Map(rows.map((row) => [row.deviceId, toRecord(row)]));
  }

  /** Writes phones that have no row yet. */
  async insert(tx: Tx, devices: readonly DeviceRecord[]): Promise<void> {
    if (devices.length > 0) await tx.query(INSERT, [JSON.stringify(devices.map(toRow))]);
  }

  /** Writes phones that were locked before. */
  async update(tx: Tx, devices: readonly DeviceRecord[]): Promise<void> {
    if (devices.length > 0) await tx.query(UPDATE, [JSON.stringify(devices.map(toRow))]);
  }

  /** Removes a phone with all its items and contacts; false when there is none that others could see. */
  async remove(tx: Tx, deviceId: DeviceId): Promise<boolean> {
    const result = await tx
      .createQueryBuilder()
      .delete()
      .from(DeviceEntity)
      .where('device_id = :deviceId AND last_seen_at IS NOT NULL', { deviceId })
      .execute();
    return (result.affected ?? 0) > 0;
  }

  /** The record of one phone. */
  async find(deviceId: DeviceId): Promise<DeviceRecord | undefined> {
    const row = await this.dataSource.getRepository(DeviceEntity).findOneBy({ deviceId });
    return row === null || row.lastSeenAt === null ? undefined : toRecord(row);
  }

  /** Removes rows that were made before `before` and whose opening message never came; at most `limit`. */
  async purgeUnseen(before: Date, limit: number): Promise<number> {
    const [, removed] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM device WHERE device_id IN
         (SELECT device_id FROM device WHERE last_seen_at IS NULL AND created_at < $1 LIMIT $2)`,
      [before, limit],
    );
    return removed;
  }
}
