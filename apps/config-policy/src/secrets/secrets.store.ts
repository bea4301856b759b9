import type { Tx } from '@opendls/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { SecretEntity } from './secret.entity.js';

/** Reads and writes sealed secrets. */
export class SecretsStore {
  constructor(private readonly dataSource: DataSource) {}

  async find(name: string, manager: EntityManager = this.dataSource.manager): Promise<SecretEntity | null> {
    return manager.findOneBy(SecretEntity, { name });
  }

  /** Sealed values by name; names that do not exist are missing. */
  async findSealed(
    names: readonly string[],
    manager: EntityManager = this.dataSource.manager,
  ): Promise<ReadonlyMap<string, string>> {
    if (names.length === 0) return new Map();
    const rows: { name: string; sealed: string }[] = await manager.query(
      'SELECT name, sealed FROM secret WHERE name = ANY($1)',
      [names],
    );
    return new Map(rows.map(({ name, sealed }) => [name, sealed]));
  }

  async list(after: string | undefined, limit: number): Promise<SecretEntity[]> {
    return this.dataSource.manager
      .createQueryBuilder(SecretEntity, 'secret')
      .where(after === undefined ? 'TRUE' : 'secret.name > :after', { after })
      .orderBy('secret.name')
      .limit(limit)
      .getMany();
  }

  async save(tx: Tx, secret: SecretEntity): Promise<void> {
    await tx.upsert(SecretEntity, secret, ['name']);
  }

  /** Whether there was one. */
  async remove(tx: Tx, name: string): Promise<boolean> {
    return ((await tx.delete(SecretEntity, { name })).affected ?? 0) > 0;
  }

  /** Has the phones compared again whose configuration uses the secret. */
  async touchUsers(tx: Tx, name: string): Promise<void> {
    // Rows are locked in the order in which everybody locks them.
    await tx.query(
      `UPDATE device SET planned_version = 0 WHERE device_id IN (
         SELECT device_id FROM device WHERE secret_refs @> ARRAY[$1] ORDER BY device_id FOR UPDATE)`,
      [name],
    );
  }
}
