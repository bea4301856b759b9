import type { Tx } from '@opendls/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import type { PolicyRevision } from './domain/policy-set.js';
import { PolicyEntity, PolicyRevisionEntity, PolicyVersionEntity, type PolicyOrigin } from './policy.entity.js';
import type { PolicyDocument } from './domain/policy-document.js';

/** A new state of a policy; no document: it is deleted. */
export interface PolicyChange {
  readonly name: string;
  readonly revision: number;
  readonly origin: PolicyOrigin;
  readonly sourceFile: string | null;
  readonly document: PolicyDocument | null;
  readonly at: Date;
  readonly by: string;
}

/** Reads and writes policies. */
export class PoliciesStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Keeps other changes of policies waiting until this transaction ends. */
  async lock(tx: Tx): Promise<void> {
    await tx.query('SELECT version FROM policy_version WHERE id = 1 FOR UPDATE');
  }

  async version(manager: EntityManager = this.dataSource.manager): Promise<number> {
    const row = await manager.findOneByOrFail(PolicyVersionEntity, { id: 1 });
    return Number(row.version);
  }

  /** All current policies, as decisions need them. */
  async loadAll(manager: EntityManager = this.dataSource.manager): Promise<PolicyRevision[]> {
    const rows = await manager.find(PolicyEntity, { select: { name: true, revision: true, document: true } });
    return rows.map(({ name, revision, document }) => ({ name, revision, document }));
  }

  async find(name: string, manager: EntityManager = this.dataSource.manager): Promise<PolicyEntity | null> {
    return manager.findOneBy(PolicyEntity, { name });
  }

  async all(tx: Tx): Promise<PolicyEntity[]> {
    return tx.find(PolicyEntity);
  }

  async list(after: string | undefined, limit: number): Promise<PolicyEntity[]> {
    return this.dataSource.manager
      .createQueryBuilder(PolicyEntity, 'policy')
      .where(after === undefined ? 'TRUE' : 'policy.name > :after', { after })
      .orderBy('policy.name')
      .limit(limit)
      .getMany();
  }

  /** Newest first. */
  async listRevisions(name: string, before: number | undefined, limit: number): Promise<PolicyRevisionEntity[]> {
    return this.dataSource.manager
      .createQueryBuilder(PolicyRevisionEntity, 'revision')
      .where('revision.name = :name', { name })
      .andWhere(before === undefined ? 'TRUE' : 'revision.revision < :before', { before })
      .orderBy('revision.revision', 'DESC')
      .limit(limit)
      .getMany();
  }

  /** The newest revision number a name ever had; 0 when it never existed. */
  async lastRevision(tx: Tx, name: string): Promise<number> {
    const last = await tx.maximum(PolicyRevisionEntity, 'revision', { name });
    return last ?? 0;
  }

  /** Stores a revision and makes it the current one. The caller holds the {@link lock}. */
  async save(tx: Tx, change: PolicyChange): Promise<void> {
    await tx.query('UPDATE policy_version SET version = version + 1 WHERE id = 1');
    const { name, revision, origin, sourceFile, document, at, by } = change;
    await tx.insert(PolicyRevisionEntity, { name, revision, origin, document, createdAt: at, createdBy: by });
    if (document === null) await tx.delete(PolicyEntity, { name });
    else {
      const row = { name, revision, origin, sourceFile, document, updatedAt: at, updatedBy: by };
      await tx.upsert(PolicyEntity, row, ['name']);
    }
  }

  async renameSource(tx: Tx, name: string, sourceFile: string): Promise<void> {
    await tx.update(PolicyEntity, { name }, { sourceFile });
  }
}
